-- Term agreements of lines, begun by the business date, and whether each still runs on it; the end date is its last day.
select
    contract_id,
    subscriber_id,
    offer_code,
    contract_type,
    start_date,
    end_date,
    monthly_commitment,
    end_date >= {{ as_of_date() }} as is_running
from {{ ref('stg_crm__contracts') }}
where start_date <= {{ as_of_date() }}
