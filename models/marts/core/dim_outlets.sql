-- Own stores, dealers, call-centre teams and online shops.
select
    outlet_id,
    outlet_name,
    outlet_type,
    region_code,
    region_name,
    county_code,
    county_name,
    opened_on
from {{ ref('int_contacts__outlets_placed') }}
