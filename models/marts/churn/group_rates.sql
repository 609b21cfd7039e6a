-- Churn rates over the last three complete months of cells of one attribute: those that the group-rate score adds up (plan,
-- brand, off-net band, number class), month of tenure, VIP level, balance. A cell with too few lines takes the operator's rate.
with

rates as (

    select * from {{ ref('churn_rates') }}

),

total as (

    select churn_rate from rates
    where grouped_by = 'all'

)

select
    rates.grouped_by as attribute,
    rates.value,
    rates.churned,
    rates.on_net_end,
    rates.churn_rate,
    case
        when rates.on_net_end >= {{ rule('churn_rules', 'group_rate_min_subscribers') }} then rates.churn_rate
        else total.churn_rate
    end as applied_rate
from rates
cross join total
where rates.grouped_by in (
    'plan_code', 'brand_code', 'offnet_band', 'number_class', 'tenure_months', 'vip_level', 'balance_band'
)
