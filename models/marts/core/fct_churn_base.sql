-- The base of every churn rate at each month's end: lines on-net then, and lines that churned in the three months that end
-- with it, which are one period: out in the first and back in the third is not churned. Attributes of a churner are those at
-- its churn date, of the others those at the month's end; money is that of the last billed month where that is earlier.
{{ config(materialized='view', access='protected', meta={'public': false}) }}
with

months as (

    select
        month,
        last_day,
        min(month) over (order by month rows between 2 preceding and current row) as first_month
    from {{ ref('int_subscribers__months_held') }}
    where is_complete_month

),

on_net as (

    select
        facts.month,
        facts.subscriber_id,
        false as is_churned,
        {{ month_end('facts.month') }} as state_date,
        facts.month as last_month,
        facts.tenure_months,
        facts.tenure_band,
        facts.plan_code
    from {{ ref('fct_subscriber_months') }} as facts
    where facts.is_on_net_end and facts.is_complete_month

),

stays as (

    select
        months.month,
        stays.subscriber_id,
        stays.from_date as state_date,
        {{ last_month_complete_on('stays.from_date') }} as last_month,
        cast({{ tenure_months('lines.activation_date', 'stays.from_date') }} as integer) as tenure_months
    from {{ ref('int_subscribers__stays') }} as stays
    inner join months
        on stays.from_date between months.first_month and months.last_day
        and stays.to_date > months.last_day
    inner join {{ ref('int_subscribers__present_state') }} as lines on stays.subscriber_id = lines.subscriber_id
    where not stays.is_on_net

),

churned as (

    select
        stays.month,
        stays.subscriber_id,
        true as is_churned,
        stays.state_date,
        stays.last_month,
        stays.tenure_months,
        tenure_bands.band as tenure_band,
        plans.plan_code
    from stays
    left join {{ bands('tenure_bands') }} as tenure_bands
        on {{ in_band('stays.tenure_months', 'tenure_bands') }}
    left join {{ ref('int_subscribers__plan_periods') }} as plans
        on stays.subscriber_id = plans.subscriber_id
        and stays.state_date >= plans.start_date
        and plans.next_start_date > stays.state_date

),

base as (

    select * from on_net
    union all
    select * from churned

),

joined as (

    select
        base.*,
        money.arpu_3m,
        money.arpu_band,
        used.offnet_share_3m
    from base
    left join {{ ref('fct_subscriber_averages') }} as used
        on base.subscriber_id = used.subscriber_id
        and base.last_month = used.month
    left join {{ ref('fct_subscriber_averages') }} as money
        on base.subscriber_id = money.subscriber_id
        and least(base.last_month, {{ last_billed_month() }}) = money.month

)

select * from joined
