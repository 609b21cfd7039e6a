-- The months held: whether each is over, and whether its bills are in. A month is billed once every group of lines is, once the
-- source says so, or once a later month is. Where the source says which months are closed, its word goes before the share.
with

months as (

    select * from {{ ref('int_subscribers__months_held') }}

),

closings as (

    select
        month,
        sum(lines_expected) as lines_expected,
        sum(lines_billed) as lines_billed,
        case when count(closed_on) = count(*) then max(closed_on) end as closed_on
    from {{ ref('fct_bill_closings') }}
    group by month

),

charges as (

    select
        delivery_date,
        {{ unnested('event_months') }} as month
    from {{ ref('stg_ledger__deliveries') }}
    where table_name = 'billing_charges'

),

told as (

    select
        delivery_date,
        {{ unnested('closed_bill_months') }} as month
    from {{ ref('stg_ledger__deliveries') }}
    where table_name = 'billing_charges'

),

told_closings as (

    select
        month,
        min(delivery_date) as told_on
    from told
    group by month

),

first_told as (

    select min(month) as month from told_closings

),

closed as (

    select
        months.month,
        months.is_complete_month,
        closings.lines_expected,
        closings.lines_billed,
        told_closings.told_on is not null as is_told_by_source,
        case
            when not months.is_complete_month then null
            when months.month >= first_told.month then
                case when told_closings.told_on is not null
                    then greatest(told_closings.told_on, {{ month_end('months.month') }})
                end
            else closings.closed_on
        end as own_closed_on
    from months
    left join closings on months.month = closings.month
    left join told_closings on months.month = told_closings.month
    cross join first_told

),

settled as (

    select
        *,
        min(own_closed_on) over (order by month rows between current row and unbounded following) as closed_on
    from closed

),

delivered as (

    select
        settled.month,
        count(*) as charge_deliveries,
        sum(case when charges.delivery_date > settled.closed_on then 1 else 0 end) as deliveries_after_closing,
        max(charges.delivery_date) as last_delivery_date
    from settled
    inner join charges on settled.month = charges.month
    group by settled.month

)

select
    settled.month,
    settled.is_complete_month,
    settled.closed_on is not null as is_billed,
    settled.closed_on,
    settled.is_told_by_source,
    cast(coalesce(settled.lines_expected, 0) as bigint) as lines_expected,
    cast(coalesce(settled.lines_billed, 0) as bigint) as lines_billed,
    {{ ratio('settled.lines_billed', 'settled.lines_expected') }} as billed_share,
    cast(coalesce(delivered.charge_deliveries, 0) as bigint) as charge_deliveries,
    cast(coalesce(delivered.deliveries_after_closing, 0) as bigint) as deliveries_after_closing,
    delivered.last_delivery_date
from settled
left join delivered on settled.month = delivered.month
