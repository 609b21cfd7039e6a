-- Churn over the last three complete months by tenure: a churner's at its churn date, of the others at the period's end.
select
    coalesce(base.tenure_band, 'unknown') as tenure_band,
    cast(sum(case when base.is_churned then 1 else 0 end) as bigint) as churned,
    cast(sum(case when base.is_churned then 0 else 1 end) as bigint) as on_net_end,
    {{ churn_rate('base.is_churned') }} as churn_rate
from {{ ref('fct_churn_base') }} as base
where base.month = {{ last_complete_month() }}
group by 1
