-- Every time the operator reached out to a line, or pushed an offer when the line came by: the latest row of each.
with

source as (

    select * from {{ latest_rows('channel', 'channel_contacts') }} as latest

),

renamed as (

    select
        contact_id,
        subscriber_id,
        contacted_at,
        channel,
        direction,
        list_name,
        list_run_date,
        offer_code,
        manager_id,
        is_connected,
        outcome,
        duration_seconds,
        quality_score
    from source

)

select * from renamed
