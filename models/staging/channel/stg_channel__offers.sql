-- Retention and marketing policies on offer, with whom they may be put to: the latest delivery.
with

source as (

    select * from {{ source('channel', 'channel_offers') }}
    where dt = {{ latest_delivery('channel_offers') }}

),

renamed as (

    select
        offer_code,
        offer_name,
        offer_type,
        eligibility,
        pay_amount,
        gift_amount,
        priority,
        script,
        valid_from,
        valid_to
    from source

)

select * from renamed
