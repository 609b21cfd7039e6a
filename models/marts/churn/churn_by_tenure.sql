-- Churn over the last three complete months by tenure: a churner's at its churn date, of the others at the period's end.
select
    value as tenure_band,
    churned,
    on_net_end,
    churn_rate
from {{ ref('churn_rates') }}
where grouped_by = 'tenure_band'
