-- Names of regions, which the source repeats with each of their counties.
select
    region_code,
    max(region_name) as region_name
from {{ ref('stg_crm__regions') }}
group by region_code
