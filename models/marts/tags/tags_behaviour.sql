-- How a line uses and pays: the last complete month and how it moved, how well the plan fits, whom it calls, what it owes.
-- Use of a month that the line did not live is null, not 0.
{% set month = last_complete_month() %}
with

lines as (

    select * from {{ ref('dim_subscribers') }}

),

months as (

    select
        facts.*,
        plans.included_minutes,
        plans.included_mb,
        {{ ratio('facts.outgoing_minutes', 'plans.included_minutes') }} as minutes_saturation,
        {{ ratio('facts.dou_mb', 'plans.included_mb') }} as data_saturation
    from {{ ref('fct_subscriber_months') }} as facts
    left join {{ ref('dim_plans') }} as plans on facts.plan_code = plans.plan_code
    where facts.month = {{ month }} and not facts.is_after_churn

),

averages as (

    select * from {{ ref('fct_subscriber_averages') }}
    where month = {{ month }}

),

payments as (

    select
        subscriber_id,
        sum(payments_3m) as payments_3m
    from {{ ref('fct_payment_channels') }}
    group by subscriber_id

)

select
    lines.subscriber_id,

    ---------- use of the month
    months.outgoing_minutes,
    months.mou_minutes,
    mou_bands.band as mou_band,
    months.dou_mb,
    dou_bands.band as dou_band,
    months.messages_sent,
    months.active_days,
    months.roaming_minutes,
    months.roaming_mb,
    months.roaming_minutes > 0 or months.roaming_mb > 0 as is_roamer,
    averages.offnet_share_3m,
    inactivity.days_since_use,

    ---------- trends
    averages.mou_trend,
    averages.dou_trend,

    ---------- fit of the plan
    months.included_minutes,
    months.minutes_saturation,
    minutes_bands.band as minutes_saturation_band,
    coalesce(
        {{ comparable('months.minutes_saturation') }} > {{ rule('usage_rules', 'overage_saturation') }}, false
    ) as is_minutes_overage,
    months.included_mb,
    months.data_saturation,
    data_bands.band as data_saturation_band,
    coalesce(
        {{ comparable('months.data_saturation') }} > {{ rule('usage_rules', 'overage_saturation') }}, false
    ) as is_data_overage,

    ---------- circle
    case when months.is_on_net_end then coalesce(circles.circle_size, 0) end as circle_size,
    case when months.is_on_net_end then coalesce(circles.on_net_circle_size, 0) end as on_net_circle_size,

    ---------- money
    months.paid_amount,
    cast(coalesce(payments.payments_3m, 0) as integer) as payments_3m,
    inactivity.days_since_payment,
    balances.balance_amount,
    balances.arrears_amount,
    coalesce(balances.arrears_amount > 0, false) as is_in_arrears,
    case when balances.arrears_amount > 0
        then cast({{ dbt.datediff('balances.arrears_since', as_of_date(), 'day') }} as integer)
    end as arrears_days
from lines
left join months on lines.subscriber_id = months.subscriber_id
left join averages on lines.subscriber_id = averages.subscriber_id
left join {{ ref('inactivity') }} as inactivity on lines.subscriber_id = inactivity.subscriber_id
left join {{ ref('fct_circles') }} as circles on lines.subscriber_id = circles.subscriber_id
left join payments on lines.subscriber_id = payments.subscriber_id
left join {{ ref('fct_balances') }} as balances on lines.subscriber_id = balances.subscriber_id
left join {{ bands('mou_bands') }} as mou_bands on {{ in_band('months.mou_minutes', 'mou_bands') }}
left join {{ bands('dou_bands') }} as dou_bands on {{ in_band('months.dou_mb', 'dou_bands') }}
left join {{ bands('saturation_bands') }} as minutes_bands
    on {{ in_band(comparable('months.minutes_saturation'), 'minutes_bands') }}
left join {{ bands('saturation_bands') }} as data_bands
    on {{ in_band(comparable('months.data_saturation'), 'data_bands') }}
