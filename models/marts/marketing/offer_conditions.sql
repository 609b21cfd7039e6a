-- What became of the eligibility of each offer of the latest delivery: one set aside is put to nobody until it is mended.
select
    offer_code,
    delivered as delivered_on,
    eligibility,
    outcome,
    reason
from {{ ref('stg_ledger__offer_conditions') }}
