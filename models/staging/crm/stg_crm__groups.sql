-- Enterprise or community groups that lines belong to: the latest delivery.
with

source as (

    select * from {{ source('crm', 'crm_groups') }}
    where dt = {{ latest_delivery('crm_groups') }}

),

renamed as (

    select
        group_id,
        group_name,
        group_level,
        industry_code,
        region_code,
        manager_id
    from source

)

select * from renamed
