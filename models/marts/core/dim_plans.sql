-- Tariff plans.
select
    plan_code,
    plan_name,
    brand_code,
    monthly_fee,
    included_minutes,
    included_mb,
    included_messages,
    network_generation,
    is_on_sale,
    is_catalogued
from {{ ref('int_revenue__plans_listed') }}
