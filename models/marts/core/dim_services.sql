-- Add-on services.
select
    service_code,
    service_name,
    service_class,
    monthly_fee,
    is_catalogued
from {{ ref('int_revenue__services_listed') }}
