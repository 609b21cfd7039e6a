-- Own stores, dealers, call-centre teams and online shops, with the names of the places they stand in.
select
    outlets.outlet_id,
    outlets.outlet_name,
    outlets.outlet_type,
    outlets.region_code,
    regions.region_name,
    outlets.county_code,
    counties.county_name,
    outlets.opened_on
from {{ ref('stg_channel__outlets') }} as outlets
left join {{ ref('int_subscribers__region_names') }} as regions on outlets.region_code = regions.region_code
left join {{ ref('dim_regions') }} as counties
    on outlets.region_code = counties.region_code
    and outlets.county_code = counties.county_code
