-- Own stores, dealers, call-centre teams and online shops: the latest delivery.
with

source as (

    select * from {{ source('channel', 'channel_outlets') }}
    where dt = {{ latest_delivery('channel_outlets') }}

),

renamed as (

    select
        outlet_id,
        outlet_name,
        outlet_type,
        region_code,
        county_code,
        opened_on
    from source

)

select * from renamed
