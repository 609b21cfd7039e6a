-- Churn over the last three complete months by ARPU, that of a churner from the months complete at its churn date.
select
    value as arpu_band,
    churned,
    on_net_end,
    churn_rate
from {{ ref('churn_rates') }}
where grouped_by = 'arpu_band'
