-- Region and county names: the latest delivery.
with

source as (

    select * from {{ source('crm', 'crm_regions') }}
    where dt = {{ latest_delivery('crm_regions') }}

),

renamed as (

    select
        region_code,
        region_name,
        county_code,
        county_name
    from source

)

select * from renamed
