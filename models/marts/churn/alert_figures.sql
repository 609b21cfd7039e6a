-- The figures that alerts are raised by, one row a line on-net at the business date.
{% set month = last_complete_month() %}
{% set billed_month = last_billed_month() %}
with

lines as (

    select * from {{ ref('dim_subscribers') }}
    where is_on_net

),

months as (

    select * from {{ ref('fct_subscriber_months') }}
    where month = {{ month }} and not is_after_churn

),

bills as (

    select
        facts.subscriber_id,
        facts.arpu_amount,
        averages.arpu_trend
    from {{ ref('fct_subscriber_months') }} as facts
    left join {{ ref('fct_subscriber_averages') }} as averages
        on facts.subscriber_id = averages.subscriber_id
        and facts.month = averages.month
    where facts.month = {{ billed_month }} and facts.is_on_net_end

),

contracts as (

    select
        subscriber_id,
        max(end_date) as latest_contract_end
    from {{ ref('fct_contracts') }}
    group by subscriber_id

),

surveys as (

    select
        subscriber_id,
        min(score) as lowest_score
    from {{ ref('fct_surveys') }}
    where cast(surveyed_at as date) = {{ as_of_date() }}
    group by subscriber_id

)

select
    lines.subscriber_id,
    case when lines.status_date = {{ as_of_date() }} then lines.status_code end as status_taken,
    inactivity.days_since_use,
    balances.balance_amount,
    cast(usage.calls_forwarded_offnet as bigint) as calls_forwarded_offnet,
    cast(usage.competitor_hotline_calls as bigint) as competitor_hotline_calls,
    surveys.lowest_score,
    cast(usage.minutes_7d as decimal(18, 2)) as minutes_7d,
    {{ ratio('usage.minutes_28d', '4') }} as minutes_a_week_before,
    {{ ratio('usage.offnet_minutes_7d', 'usage.minutes_7d') }} as offnet_share_7d,
    {{ ratio('usage.offnet_minutes_28d', 'usage.minutes_28d') }} as offnet_share_28d,
    bills.arpu_amount,
    bills.arpu_trend,
    -- Not in the join: a condition on its left side alone has DuckDB compare each row with each.
    case when months.is_on_net_end then averages.mou_trend end as mou_trend,
    contracts.latest_contract_end,
    {{ ratio('months.outgoing_minutes', 'plans.included_minutes') }} as minutes_saturation,
    {{ ratio('months.dou_mb', 'plans.included_mb') }} as data_saturation,
    customers.birth_month
from lines
inner join {{ ref('inactivity') }} as inactivity on lines.subscriber_id = inactivity.subscriber_id
left join {{ ref('fct_balances') }} as balances on lines.subscriber_id = balances.subscriber_id
left join {{ ref('int_usage__last_days') }} as usage on lines.subscriber_id = usage.subscriber_id
left join surveys on lines.subscriber_id = surveys.subscriber_id
left join bills on lines.subscriber_id = bills.subscriber_id
left join months on lines.subscriber_id = months.subscriber_id
left join {{ ref('dim_plans') }} as plans on months.plan_code = plans.plan_code
left join {{ ref('fct_subscriber_averages') }} as averages
    on months.subscriber_id = averages.subscriber_id
    and months.month = averages.month
left join contracts on lines.subscriber_id = contracts.subscriber_id
left join {{ ref('dim_customers') }} as customers on lines.customer_id = customers.customer_id
