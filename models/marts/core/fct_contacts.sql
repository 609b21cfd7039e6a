-- Contacts, outbound and inbound.
select
    contact_id,
    subscriber_id,
    contacted_at,
    contact_date,
    contact_hour,
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
from {{ ref('int_contacts__contacts_dated') }}
