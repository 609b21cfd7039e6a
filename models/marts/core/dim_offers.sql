-- Offers, with whom they may be put to.
select
    offer_code,
    offer_name,
    offer_type,
    eligibility,
    pay_amount,
    gift_amount,
    priority,
    script,
    valid_from,
    valid_to,
    is_valid
from {{ ref('int_contacts__offers_listed') }}
