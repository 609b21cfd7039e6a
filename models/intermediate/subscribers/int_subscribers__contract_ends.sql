-- The latest end of the contracts that each line has begun by the business date.
select
    subscriber_id,
    max(end_date) as latest_contract_end
from {{ ref('int_subscribers__contracts') }}
group by subscriber_id
