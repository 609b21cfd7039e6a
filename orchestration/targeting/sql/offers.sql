{# Offers by the names that scripts and files have for what they say. #}
select
    offer_code,
    offer_name,
    pay_amount as offer_pay_amount,
    gift_amount as offer_gift_amount,
    script
from {{ relations.offers }}
