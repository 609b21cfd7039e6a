-- Loyalty points of a line by calendar year: the latest delivery.
with

source as (

    select * from {{ source('crm', 'crm_loyalty_points') }}
    where dt = {{ latest_delivery('crm_loyalty_points') }}

),

renamed as (

    select
        subscriber_id,
        points_year,
        points_earned,
        points_redeemed
    from source

)

select * from renamed
