-- Lines that must not be contacted, on one channel or all.
select
    subscriber_id,
    channel,
    reason_code,
    effective_from,
    effective_to,
    is_in_force
from {{ ref('int_contacts__suppressions_dated') }}
