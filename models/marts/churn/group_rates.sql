-- Churn rates over the last three complete months of the cells that the group-rate score adds up: by plan, brand, off-net band
-- and number class. A cell with too few lines takes the operator's rate.
{% set attributes = ['plan_code', 'brand_code', 'offnet_band', 'number_class'] %}
with

base as (

    select * from {{ ref('churn_attributes') }}

),

cells as (

    {% for attribute in attributes %}
    select '{{ attribute }}' as attribute, {{ attribute }} as value, is_churned from base
    {{ "union all" if not loop.last }}
    {% endfor %}

),

rated as (

    select
        attribute,
        value,
        sum(case when is_churned then 1 else 0 end) as churned,
        sum(case when is_churned then 0 else 1 end) as on_net_end,
        {{ churn_rate('is_churned') }} as churn_rate
    from cells
    group by attribute, value

),

total as (

    select {{ churn_rate('is_churned') }} as churn_rate from base

)

select
    rated.attribute,
    rated.value,
    cast(rated.churned as bigint) as churned,
    cast(rated.on_net_end as bigint) as on_net_end,
    rated.churn_rate,
    case
        when rated.on_net_end >= {{ rule('churn_rules', 'group_rate_min_subscribers') }} then rated.churn_rate
        else total.churn_rate
    end as applied_rate
from rated
cross join total
