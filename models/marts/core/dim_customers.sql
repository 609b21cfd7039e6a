-- Every customer, the legal person who holds lines, without what would name it.
select
    customer_id,
    customer_type,
    gender,
    age_band,
    birth_month,
    occupation,
    income_band,
    region_code,
    county_code,
    registration_date,
    cast(subscriber_count as bigint) as subscriber_count,
    cast(on_net_subscriber_count as bigint) as on_net_subscriber_count
from {{ ref('int_subscribers__customers_counted') }}
