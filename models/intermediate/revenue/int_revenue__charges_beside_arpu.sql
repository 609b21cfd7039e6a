-- Billed amounts that don't count to ARPU, such as handset instalments, by line, month and fee class.
select
    charges.subscriber_id,
    charges.bill_month as month,
    fee_codes.fee_class,
    sum(charges.amount) as amount
from {{ ref('stg_billing__charges') }} as charges
inner join {{ ref('stg_billing__fee_codes') }} as fee_codes on charges.fee_code = fee_codes.fee_code
where not fee_codes.counts_to_arpu
group by charges.subscriber_id, charges.bill_month, fee_codes.fee_class
