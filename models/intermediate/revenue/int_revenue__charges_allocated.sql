-- Billed amounts by month, split into what has a line's month to stand in and what has not: charges of unknown lines and of
-- months before activation enter no figure.
with

charges as (

    select * from {{ ref('int_revenue__charges_monthly') }}

),

months as (

    select subscriber_id, month from {{ ref('int_subscribers__months') }}

),

split as (

    select
        charges.month,
        sum(charges.billed_amount) as billed_amount,
        sum(case when months.subscriber_id is not null then charges.billed_amount else 0 end) as allocated_amount,
        sum(case when months.subscriber_id is null then charges.billed_amount else 0 end) as unallocated_amount,
        sum(case when months.subscriber_id is null then charges.charge_count else 0 end) as unallocated_charges
    from charges
    left join months
        on charges.subscriber_id = months.subscriber_id
        and charges.month = months.month
    group by charges.month

)

select * from split
