-- Managers with the outlet and region they work in; their names are personal data and stay behind.
with

managers as (

    select * from {{ ref('stg_channel__managers') }}

),

placed as (

    select
        managers.manager_id,
        managers.team,
        managers.outlet_id,
        managers.region_code,
        regions.region_name
    from managers
    left join {{ ref('int_subscribers__region_names') }} as regions on managers.region_code = regions.region_code

)

select * from placed
