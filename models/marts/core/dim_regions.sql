-- Regions and their counties, by name.
select
    region_code,
    region_name,
    county_code,
    county_name
from {{ ref('stg_crm__regions') }}
