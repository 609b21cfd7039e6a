-- What each line has left and what it owes, at the latest snapshot delivered by the business date.
select
    subscriber_id,
    snapshot_date,
    balance_amount,
    arrears_amount,
    arrears_since
from {{ ref('stg_billing__balances') }}
where snapshot_date = (select max(snapshot_date) from {{ ref('stg_billing__balances') }})
