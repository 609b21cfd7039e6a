-- Runs of target lists with what became of everybody who matched: the waterfall of each list and day.
select
    list_name,
    run_date,
    run_id,
    as_of_date,
    publication,
    definition_hash,
    channel,
    offer_code,
    owner,
    cast(priority as integer) as priority,
    control_share,
    status,
    reason,
    matched,
    suppressed,
    no_valid_phone,
    -- Runs of before these steps were counted have none.
    {% for step in ['phone_suppressed', 'phone_of_another', 'offer_ordered', 'offer_refused'] -%}
    coalesce({{ step }}, 0) as {{ step }},
    {% endfor -%}
    capped,
    coalesce(on_list_before, 0) as on_list_before,
    lost_to_priority,
    universal_control,
    control,
    over_limit,
    exported,
    file,
    sha256,
    exported_at,
    exported_by,
    warnings
from {{ ref('stg_ledger__list_runs') }}
