-- Handsets that each line was seen in, and which of them it uses now.
select
    subscriber_id,
    tac,
    first_month,
    last_month,
    cast(days_used as bigint) as days_used,
    cast(days_used_6m as bigint) as days_used_6m,
    last_month_6m,
    is_present
from {{ ref('int_usage__devices_used') }}
