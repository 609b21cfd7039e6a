-- Every tariff plan there is: the catalogue, and codes that lines are on though the catalogue lacks them.
with

catalogue as (

    select * from {{ ref('stg_crm__tariff_plans') }}

),

used as (

    select distinct plan_code from {{ ref('stg_crm__tariff_subscriptions') }}

)

select
    coalesce(catalogue.plan_code, used.plan_code) as plan_code,
    catalogue.plan_name,
    catalogue.brand_code,
    catalogue.monthly_fee,
    catalogue.included_minutes,
    catalogue.included_mb,
    catalogue.included_messages,
    catalogue.overage_fee_per_minute,
    catalogue.overage_fee_per_mb,
    catalogue.overage_fee_per_message,
    catalogue.network_generation,
    catalogue.is_on_sale,
    catalogue.plan_code is not null as is_catalogued
from catalogue
full outer join used on catalogue.plan_code = used.plan_code
