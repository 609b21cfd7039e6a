-- What became of the eligibility of each offer of the latest delivery: one quarantined is put to nobody until it is fixed.
select
    offer_code,
    delivered as delivered_on,
    eligibility,
    outcome,
    reason
from {{ ref('stg_ledger__offer_conditions') }}
