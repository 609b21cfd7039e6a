-- What each line has left and what it owes, at the latest snapshot delivered by the business date.
select
    subscriber_id,
    snapshot_date,
    balance_amount,
    arrears_amount,
    arrears_since
from {{ ref('int_revenue__latest_balances') }}
