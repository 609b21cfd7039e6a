-- Churn over the last three complete months by group: the one that a line showed at its churn date, or at the period's end.
select
    value as group_id,
    churned,
    on_net_end,
    churn_rate
from {{ ref('churn_rates') }}
where grouped_by = 'group_id'
