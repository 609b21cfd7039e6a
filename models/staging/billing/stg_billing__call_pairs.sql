-- Who a line talked to in a month, one row per pair, both directions together: the latest row of each.
with

source as (

    select * from {{ latest_rows('billing', 'billing_call_pairs') }} as latest

),

renamed as (

    select
        subscriber_id,
        call_month,
        peer_key,
        peer_subscriber_id,
        peer_operator,
        call_days,
        call_count,
        call_minutes
    from source

)

select * from renamed
