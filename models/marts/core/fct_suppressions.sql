-- Lines that must not be contacted, on one channel or all, and whether that holds on the business date.
select
    subscriber_id,
    channel,
    reason_code,
    effective_from,
    effective_to,
    {{ in_force('effective_from', 'effective_to', as_of_date()) }} as is_in_force
from {{ ref('stg_channel__suppressions') }}
