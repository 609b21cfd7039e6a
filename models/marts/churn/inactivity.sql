-- Lines on-net at the business date with the days since they last used or paid anything; not churned, and kept apart.
with

used as (

    select
        subscriber_id,
        max(last_usage_date) as last_usage_date
    from {{ ref('fct_subscriber_months') }}
    group by subscriber_id

),

dated as (

    select
        lines.subscriber_id,
        -- Use outside the months of the line, before an activation date that was corrected, shows in the last days alone.
        cast({{ dbt.datediff('coalesce(recent.last_usage_date, used.last_usage_date)', as_of_date(), 'day') }} as integer)
            as days_since_use,
        cast({{ dbt.datediff('payments.last_paid_date', as_of_date(), 'day') }} as integer) as days_since_payment
    from {{ ref('dim_subscribers') }} as lines
    left join used on lines.subscriber_id = used.subscriber_id
    left join {{ ref('int_usage__last_days') }} as recent on lines.subscriber_id = recent.subscriber_id
    left join {{ ref('int_revenue__payment_dates') }} as payments on lines.subscriber_id = payments.subscriber_id
    where lines.is_on_net

)

select
    subscriber_id,
    days_since_use,
    days_since_payment,
    {%- for days in [30, 60, 90] %}
    {%- set is_inactive = 'coalesce(days_since_use, N) >= N and coalesce(days_since_payment, N) >= N' | replace('N', days) %}
    {{ is_inactive }} as is_inactive_{{ days }}d,
    {{ is_inactive }} as inactive_{{ days }}{{ "," if not loop.last }}
    {%- endfor %}
from dated
