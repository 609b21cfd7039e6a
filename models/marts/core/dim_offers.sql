-- Offers, with whom they may be put to and whether they may be put to anyone on the business date.
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
    {{ in_force('valid_from', 'valid_to', as_of_date()) }} as is_valid
from {{ ref('stg_channel__offers') }}
