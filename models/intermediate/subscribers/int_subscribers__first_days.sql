-- How lines began that were activated in the six complete months which are held and have had two more to show: days of use in the
-- first 30 and the day of the second payment. The day of activation is day 1.
{{ config(materialized='table') }}
with

lines as (

    select
        lines.*,
        held.month as activation_month
    from {{ ref('int_subscribers__present_state') }} as lines
    inner join {{ ref('int_subscribers__months_held') }} as held on {{ month_of('lines.activation_date') }} = held.month
    where held.month between {{ last_complete_month(-7) }} and {{ last_complete_month(-2) }}

),

used as (

    select
        lines.subscriber_id,
        count(*) as active_days
    from lines
    inner join {{ ref('stg_billing__usage_daily') }} as usage
        on lines.subscriber_id = usage.subscriber_id
        and usage.usage_date >= lines.activation_date
        and usage.usage_date < {{ dbt.dateadd('day', 30, 'lines.activation_date') }}
    where usage.usage_date >= {{ last_complete_month(-7) }}
        and usage.usage_date < cast({{ dbt.dateadd('day', 30, month_end(last_complete_month(-2))) }} as date)
    group by lines.subscriber_id

)

select
    lines.subscriber_id,
    lines.outlet_id,
    plans.plan_code,
    lines.payment_type,
    lines.activation_month,
    coalesce(used.active_days, 0) as active_days,
    {{ dbt.datediff('lines.activation_date', 'payments.second_paid_date', 'day') }} + 1 as second_payment_day
from lines
left join used on lines.subscriber_id = used.subscriber_id
left join {{ ref('int_revenue__payment_dates') }} as payments on lines.subscriber_id = payments.subscriber_id
-- The plan that the line was sold with.
left join {{ ref('int_subscribers__plan_periods') }} as plans
    on lines.subscriber_id = plans.subscriber_id
    and lines.activation_date >= plans.start_date
    and plans.next_start_date > lines.activation_date
