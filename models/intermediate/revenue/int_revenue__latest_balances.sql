-- Balance and arrears of each line at the latest snapshot that was delivered.
select
    subscriber_id,
    snapshot_date,
    balance_amount,
    arrears_amount,
    arrears_since
from {{ ref('stg_billing__balances') }}
where snapshot_date = (select max(snapshot_date) from {{ ref('stg_billing__balances') }})
