-- The latest end of the contracts that each line has begun by the business date.
select
    subscriber_id,
    max(end_date) as latest_contract_end
from {{ ref('stg_crm__contracts') }}
where start_date <= {{ as_of_date() }}
group by subscriber_id
