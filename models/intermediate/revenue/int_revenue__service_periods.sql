-- Add-on services of each line begun by the business date, and whether each still runs on it. Without the catalogue, so that a
-- late one makes nothing stale but what tells of prices and classes.
select
    subscriber_id,
    service_code,
    start_date,
    end_date,
    end_date is null or end_date >= {{ as_of_date() }} as is_running
from {{ ref('stg_crm__service_subscriptions') }}
where start_date <= {{ as_of_date() }}
