-- Managers with the outlet and region they work in; their names are personal data and stay behind.
with

managers as (

    select * from {{ ref('stg_channel__managers') }}

),

regions as (

    select region_code, max(region_name) as region_name
    from {{ ref('stg_crm__regions') }}
    group by region_code

),

placed as (

    select
        managers.manager_id,
        managers.team,
        managers.outlet_id,
        managers.region_code,
        regions.region_name
    from managers
    left join regions on managers.region_code = regions.region_code

)

select * from placed
