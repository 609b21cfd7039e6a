-- Handset models.
select
    tac,
    device_brand,
    device_model,
    operating_system,
    network_generation,
    list_price,
    launched_on,
    cast(months_since_launch as integer) as months_since_launch
from {{ ref('int_usage__devices_listed') }}
