-- Term agreements of lines, begun by the business date.
select
    contract_id,
    subscriber_id,
    offer_code,
    contract_type,
    start_date,
    end_date,
    monthly_commitment,
    is_running
from {{ ref('int_subscribers__contracts') }}
