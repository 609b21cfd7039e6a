-- Every add-on service there is: the catalogue, and codes that lines have though the catalogue lacks them.
with

catalogue as (

    select * from {{ ref('stg_crm__services') }}

),

used as (

    select distinct service_code from {{ ref('stg_crm__service_subscriptions') }}

)

select
    coalesce(catalogue.service_code, used.service_code) as service_code,
    catalogue.service_name,
    catalogue.service_class,
    catalogue.monthly_fee,
    catalogue.service_code is not null as is_catalogued
from catalogue
full outer join used on catalogue.service_code = used.service_code
