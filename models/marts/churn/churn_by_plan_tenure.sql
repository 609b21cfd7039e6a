-- Churn over the last three complete months by plan and tenure, with totals over either and both. A plan, and a
-- cell of plan and tenure, is high in churn where it loses lines much faster than the operator does.
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

),

judged as (

    select
        cells.*,
        cells.churned > 0 and coalesce(
            {{ comparable('cells.churn_rate') }}
            >= {{ comparable(rule('churn_rules', 'high_churn_factor') ~ ' * total.churn_rate') }}, false
        ) as is_high_churn
    from cells
    cross join total

)

select
    plan_code,
    tenure_band,
    is_plan_total,
    is_tenure_total,
    churned,
    on_net_end,
    churn_rate,
    is_high_churn and not is_plan_total and is_tenure_total
    and on_net_end >= {{ rule('churn_rules', 'high_churn_min_subscribers') }} as is_high_churn_plan,
    is_high_churn and not is_plan_total and not is_tenure_total
    and on_net_end >= {{ rule('churn_rules', 'high_churn_min_cell_subscribers') }} as is_high_churn_cell
from judged
