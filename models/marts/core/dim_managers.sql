-- Customer managers and telephone managers with the region they work in; their names are personal data and stay behind.
select
    managers.manager_id,
    managers.team,
    managers.outlet_id,
    managers.region_code,
    regions.region_name,
    managers.task_capacity
from {{ ref('stg_channel__managers') }} as managers
left join {{ ref('int_subscribers__region_names') }} as regions on managers.region_code = regions.region_code
