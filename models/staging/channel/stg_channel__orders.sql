-- Offers taken up: the latest row of each.
with

source as (

    select * from {{ latest_rows('channel', 'channel_orders') }} as latest

),

renamed as (

    select
        order_id,
        subscriber_id,
        offer_code,
        ordered_at,
        channel,
        order_status,
        amount
    from source

)

select * from renamed
