-- Handsets that each line was seen in, a row each however many of the months held that was. The present one is the one most used
-- in the latest month in which the line was seen in any; of equal ones the one that came last, then the lower code.
{% set is_in_six_months = 'usage_month between ' ~ last_complete_month(-5) ~ ' and ' ~ last_complete_month() %}
with

seen as (

    select usage.*
    from {{ ref('stg_billing__device_usage') }} as usage
    inner join {{ ref('int_subscribers__months_held') }} as held on usage.usage_month = held.month

),

used as (

    select
        subscriber_id,
        tac,
        min(usage_month) as first_month,
        max(usage_month) as last_month,
        sum(days_used) as days_used,
        sum(case when {{ is_in_six_months }} then days_used else 0 end) as days_used_6m,
        max(case when {{ is_in_six_months }} and days_used > 0 then usage_month end) as last_month_6m,
        max_by(days_used, usage_month) as last_month_days
    from seen
    group by subscriber_id, tac

)

select
    subscriber_id,
    tac,
    first_month,
    last_month,
    cast(days_used as bigint) as days_used,
    cast(days_used_6m as bigint) as days_used_6m,
    last_month_6m,
    row_number() over (
        partition by subscriber_id order by last_month desc, last_month_days desc, first_month desc, tac asc
    ) = 1 as is_present
from used
