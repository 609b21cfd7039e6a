-- Contacts, outbound and inbound, with the day and the hour at which they took place.
select
    contact_id,
    subscriber_id,
    contacted_at,
    cast(contacted_at as date) as contact_date,
    cast(extract(hour from contacted_at) as integer) as contact_hour,
    channel,
    direction,
    list_name,
    list_run_date,
    offer_code,
    manager_id,
    is_connected,
    outcome,
    duration_seconds,
    quality_score
from {{ ref('stg_channel__contacts') }}
