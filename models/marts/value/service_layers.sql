-- The 80/20 picture: how many customers each layer of service holds, and how much of the revenue.
with

layers as (

    select
        service_layer,
        count(*) as customers,
        sum(realised_value) as realised_value
    from {{ ref('customer_value') }}
    group by service_layer

)

select
    service_layer,
    cast(customers as bigint) as customers,
    cast(customers / sum(customers) over () as double) as customer_share,
    cast(realised_value as decimal(18, 2)) as revenue_amount,
    {{ ratio('realised_value', 'sum(realised_value) over ()') }} as revenue_share
from layers
