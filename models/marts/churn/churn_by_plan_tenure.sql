-- Churn over the last three complete months by plan and tenure, with totals over either and both. A plan is a high-churn plan
-- where it loses lines much faster than the operator does.
with

cells as (

    select
        case when grouped_by in ('plan_code', 'plan_code, tenure_band') then value else 'all' end as plan_code,
        case when grouped_by = 'tenure_band' then value else tenure_band end as tenure_band,
        grouped_by in ('tenure_band', 'all') as is_plan_total,
        grouped_by in ('plan_code', 'all') as is_tenure_total,
        churned,
        on_net_end,
        churn_rate
    from {{ ref('churn_rates') }}
    where grouped_by in ('plan_code, tenure_band', 'plan_code', 'tenure_band', 'all')

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
    cells.churned,
    cells.on_net_end,
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
