-- Churn over the last three complete months by plan and tenure, with totals over either and both. A plan is a high-churn plan
-- where it loses lines much faster than the operator does.
with

base as (

    select
        coalesce(plan_code, 'unknown') as plan_code,
        coalesce(tenure_band, 'unknown') as tenure_band,
        is_churned
    from {{ ref('fct_churn_base') }}
    where month = {{ last_complete_month() }}

),

cells as (

    select
        coalesce(plan_code, 'all') as plan_code,
        coalesce(tenure_band, 'all') as tenure_band,
        plan_code is null as is_plan_total,
        tenure_band is null as is_tenure_total,
        sum(case when is_churned then 1 else 0 end) as churned,
        sum(case when is_churned then 0 else 1 end) as on_net_end,
        {{ churn_rate('is_churned') }} as churn_rate
    from base
    group by grouping sets ((plan_code, tenure_band), (plan_code), (tenure_band), ())

),

total as (

    select churn_rate from cells
    where is_plan_total and is_tenure_total

)

select
    cells.plan_code,
    cells.tenure_band,
    cells.is_plan_total,
    cells.is_tenure_total,
    cast(cells.churned as bigint) as churned,
    cast(cells.on_net_end as bigint) as on_net_end,
    cells.churn_rate,
    cells.is_tenure_total
    and not cells.is_plan_total
    and cells.churned > 0
    and cells.on_net_end >= {{ rule('churn_rules', 'high_churn_min_subscribers') }}
    and coalesce(
        {{ comparable('cells.churn_rate') }}
        >= {{ comparable(rule('churn_rules', 'high_churn_factor') ~ ' * total.churn_rate') }}, false
    )
        as is_high_churn_plan
from cells
cross join total
where cells.on_net_end + cells.churned > 0
