-- How likely each line is to be lost, for lines on-net at the end of the last complete month: by the churn of its like, by its
-- health, and by the lives of lines before it.
with

lines as (

    select * from {{ ref('churn_attributes') }}
    where not is_churned

),

rates as (

    select
        lines.subscriber_id,
        100 * (plans.applied_rate + brands.applied_rate + offnet.applied_rate + numbers.applied_rate) as group_rate_score
    from lines
    left join {{ ref('group_rates') }} as plans
        on plans.attribute = 'plan_code' and lines.plan_code = plans.value
    left join {{ ref('group_rates') }} as brands
        on brands.attribute = 'brand_code' and lines.brand_code = brands.value
    left join {{ ref('group_rates') }} as offnet
        on offnet.attribute = 'offnet_band' and lines.offnet_band = offnet.value
    left join {{ ref('group_rates') }} as numbers
        on numbers.attribute = 'number_class' and lines.number_class = numbers.value

)

select
    rates.subscriber_id,
    cast(rates.group_rate_score as double) as group_rate_score,
    cast(health.health_tariff as double) as health_tariff,
    cast(health.health_service_use as double) as health_service_use,
    cast(health.health_service_quality as double) as health_service_quality,
    cast(health.health_call_circle as double) as health_call_circle,
    tenure.tenure_30_probability
from rates
left join {{ ref('health_scores') }} as health on rates.subscriber_id = health.subscriber_id
left join {{ ref('tenure_probability') }} as tenure on rates.subscriber_id = tenure.subscriber_id
