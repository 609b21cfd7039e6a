-- Handset models with their age at the business date.
select
    tac,
    device_brand,
    device_model,
    operating_system,
    network_generation,
    list_price,
    launched_on,
    cast({{ dbt.datediff('launched_on', as_of_date(), 'month') }} as integer) as months_since_launch
from {{ ref('stg_crm__device_models') }}
