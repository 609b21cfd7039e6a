-- Churn over the last three complete months by ARPU, that of a churner from the months complete at its churn date.
select
    coalesce(base.arpu_band, 'unknown') as arpu_band,
    cast(sum(case when base.is_churned then 1 else 0 end) as bigint) as churned,
    cast(sum(case when base.is_churned then 0 else 1 end) as bigint) as on_net_end,
    {{ churn_rate('base.is_churned') }} as churn_rate
from {{ ref('fct_churn_base') }} as base
where base.month = {{ last_complete_month() }}
group by 1
