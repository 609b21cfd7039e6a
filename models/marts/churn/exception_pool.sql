-- Lines that need a manager's eye, for every complete month: terminated in it, pre-terminated or long suspended at its end, or
-- on-net then without charges; one row a line, by the gravest of these.
with

months as (

    select
        *,
        -- Numbers the runs: a month with charges begins a new one.
        sum(case when arpu_amount <> 0 then 1 else 0 end) over (partition by subscriber_id order by month) as charge_run
    from {{ ref('fct_subscriber_months') }}
    where is_complete_month and not is_after_churn

),

runs as (

    select
        *,
        min(case when arpu_amount = 0 then month end) over (partition by subscriber_id, charge_run) as run_from
    from months

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
        runs.month,
        runs.subscriber_id,
        runs.is_on_net_end,
        runs.run_from,
        periods.from_date as status_from,
        departures.churn_date,
        case
            when runs.is_churned then 'terminated'
            when not runs.is_on_net_end then null
            when periods.status_code = 'pre_terminated' then 'pre_terminated'
            when periods.status_code in ('suspended_arrears', 'suspended_voluntary', 'suspended_other')
                and {{ dbt.datediff('periods.from_date', month_end('runs.month'), 'day') }}
                >= {{ rule('churn_rules', 'exception_suspended_days') }} then 'suspended'
            when runs.arpu_amount = 0 then 'no_charges'
        end as kind
    from runs
    left join {{ ref('int_subscribers__status_periods') }} as periods
        on runs.subscriber_id = periods.subscriber_id
        and {{ month_end('runs.month') }} >= periods.from_date
        and periods.to_date > {{ month_end('runs.month') }}
    left join departures
        on runs.subscriber_id = departures.subscriber_id
        and runs.month = departures.month

)

select
    stated.month,
    stated.subscriber_id,
    stated.kind,
    case stated.kind
        when 'terminated' then stated.churn_date
        when 'no_charges' then stated.run_from
        else stated.status_from
    end as since_date,
    lines.manager_id,
    scored.value_tier
from stated
inner join {{ ref('dim_subscribers') }} as lines on stated.subscriber_id = lines.subscriber_id
left join {{ ref('fct_value_months') }} as scored
    on stated.subscriber_id = scored.subscriber_id
    and case
        when stated.kind = 'terminated' then cast({{ dbt.dateadd('month', -1, 'stated.month') }} as date)
        else stated.month
    end = scored.month
where stated.kind is not null
