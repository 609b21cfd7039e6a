-- Lines that need a manager's eye, for every complete month: terminated in it, pre-terminated or long suspended at its end, or
-- on-net then without charges, once the month is billed; one row a line, by the gravest of these.
with

months as (

    select
        subscriber_id,
        month,
        is_churned,
        is_on_net_end,
        arpu_amount
    from {{ ref('fct_subscriber_months') }}
    where is_complete_month and not is_after_churn

),

troubled as (

    select * from {{ ref('int_subscribers__status_periods') }}
    where status_code in ('pre_terminated', 'suspended_arrears', 'suspended_voluntary', 'suspended_other')

),

-- The last time that a line left in a month; it is off-net at its end where the month says churned.
departures as (

    select
        subscriber_id,
        {{ month_of('from_date') }} as month,
        max(from_date) as churn_date
    from {{ ref('int_subscribers__stays') }}
    where not is_on_net
    group by 1, 2

),

stated as (

    select
        months.month,
        months.subscriber_id,
        periods.from_date as status_from,
        departures.churn_date,
        case
            when months.is_churned then 'terminated'
            when not months.is_on_net_end then null
            when periods.status_code = 'pre_terminated' then 'pre_terminated'
            when periods.status_code is not null
                and {{ dbt.datediff('periods.from_date', month_end('months.month'), 'day') }}
                >= {{ rule('churn_rules', 'exception_suspended_days') }} then 'suspended'
            when months.month <= {{ last_billed_month() }} and months.arpu_amount = 0 then 'no_charges'
        end as kind
    from months
    left join troubled as periods
        on months.subscriber_id = periods.subscriber_id
        and {{ month_end('months.month') }} >= periods.from_date
        and periods.to_date > {{ month_end('months.month') }}
    left join departures
        on months.subscriber_id = departures.subscriber_id
        and months.month = departures.month

),

uncharged as (

    select distinct subscriber_id from stated
    where kind = 'no_charges'

),

-- A line's months follow each other: a run without charges begins after the last with some, or where the line does.
runs as (

    select
        months.month,
        months.subscriber_id,
        max(case when months.arpu_amount <> 0 then months.month end) over so_far as last_charged_month,
        min(months.month) over so_far as first_month
    from months
    inner join uncharged on months.subscriber_id = uncharged.subscriber_id
    window so_far as (partition by months.subscriber_id order by months.month)

)

select
    stated.month,
    stated.subscriber_id,
    stated.kind,
    case stated.kind
        when 'terminated' then stated.churn_date
        when 'no_charges'
            then coalesce(cast({{ dbt.dateadd('month', 1, 'runs.last_charged_month') }} as date), runs.first_month)
        else stated.status_from
    end as since_date,
    lines.manager_id,
    scored.value_tier
from stated
inner join {{ ref('dim_subscribers') }} as lines on stated.subscriber_id = lines.subscriber_id
left join runs
    on stated.subscriber_id = runs.subscriber_id
    and stated.month = runs.month
left join {{ ref('fct_value_months') }} as scored
    on stated.subscriber_id = scored.subscriber_id
    and case
        when stated.kind = 'terminated'
            then least(cast({{ dbt.dateadd('month', -1, 'stated.month') }} as date), {{ last_billed_month() }})
        else least(stated.month, {{ last_billed_month() }})
    end = scored.month
where stated.kind is not null
