-- Rated usage of a line in a day; a day without usage has no row: the latest row of each.
with

source as (

    select * from {{ latest_rows('billing', 'billing_usage_daily') }} as latest

),

renamed as (

    select
        subscriber_id,
        usage_date,
        outgoing_calls,
        outgoing_minutes,
        incoming_calls,
        incoming_minutes,
        offnet_minutes,
        roaming_minutes,
        messages_sent,
        data_mb,
        roaming_data_mb,
        calls_forwarded_offnet,
        competitor_hotline_calls
    from source

)

select * from renamed
