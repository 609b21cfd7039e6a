-- Billed amounts of a line and month: what counts to ARPU, and everything by fee class. A code that the catalogue lacks counts,
-- as class other.
with

charges as (

    select
        charges.subscriber_id,
        charges.bill_month,
        charges.amount,
        coalesce(fee_codes.fee_class, 'other') as fee_class,
        coalesce(fee_codes.counts_to_arpu, true) as counts_to_arpu
    from {{ ref('stg_billing__charges') }} as charges
    left join {{ ref('stg_billing__fee_codes') }} as fee_codes on charges.fee_code = fee_codes.fee_code

),

monthly as (

    select
        subscriber_id,
        bill_month as month,
        count(*) as charge_count,
        sum(amount) as billed_amount,
        coalesce(sum(case when counts_to_arpu then amount end), 0) as arpu_amount,
        {%- for fee_class in fee_classes() %}
        coalesce(sum(case when fee_class = '{{ fee_class }}' then amount end), 0)
            as {{ fee_class }}_amount{{ "," if not loop.last }}
        {%- endfor %}
    from charges
    group by subscriber_id, bill_month

)

select * from monthly
