-- Add-on services of each line with the days on which they ran.
select
    subscriber_id,
    service_code,
    start_date,
    end_date
from {{ ref('stg_crm__service_subscriptions') }}
