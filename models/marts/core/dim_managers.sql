-- Customer managers and telephone managers, without their names.
select
    manager_id,
    team,
    outlet_id,
    region_code,
    region_name
from {{ ref('int_contacts__managers_placed') }}
