-- Churn over the last three complete months, counted once for all tables of it: over all lines, by each attribute, and by plan
-- and tenure together.
{{ config(access='private', meta={'public': false}) }}
{% set attributes = [
    'plan_code', 'tenure_band', 'arpu_band', 'region_code', 'group_id', 'brand_code', 'number_class', 'offnet_band',
    'tenure_months', 'vip_level', 'balance_band'
] %}
with

counted as (

    select
        {{ attributes | join(',\n        ') }},
        sum(case when is_churned then 1 else 0 end) as churned,
        sum(case when is_churned then 0 else 1 end) as on_net_end,
        {{ churn_rate('is_churned') }} as churn_rate
    from {{ ref('churn_attributes') }}
    group by grouping sets ((), (plan_code, tenure_band), ({{ attributes | join('), (') }}))

)

-- No attribute of a line is null: one that is was not grouped by.
select
    case
        when plan_code is not null and tenure_band is not null then 'plan_code, tenure_band'
        {%- for attribute in attributes %}
        when {{ attribute }} is not null then '{{ attribute }}'
        {%- endfor %}
        else 'all'
    end as grouped_by,
    coalesce({{ attributes | join(', ') }}, 'all') as value,
    case when plan_code is not null then coalesce(tenure_band, 'all') else 'all' end as tenure_band,
    cast(churned as bigint) as churned,
    cast(on_net_end as bigint) as on_net_end,
    churn_rate
from counted
where churned + on_net_end > 0
