-- Whom each list took, held back or left out on a day, and why, as frozen at export: members of the runs that count.
select
    members.list_name,
    members.run_date,
    members.subscriber_id,
    members.arm,
    members.position,
    members.offer_code,
    -- What runs of before called it.
    case when members.reason = 'offer_ordered' then 'already_ordered' else members.reason end as exclusion_reason,
    members.lost_to,
    members.channel,
    members.manager_id,
    members.value_tier,
    members.region_code,
    members.tenure_band,
    members.is_at_risk
from {{ ref('stg_ledger__list_members') }} as members
inner join {{ ref('stg_ledger__list_runs') }} as runs
    on members.list_name = runs.list_name
    and members.run_id = runs.run_id
