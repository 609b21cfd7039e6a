-- When each line was last seen in the 120 days to the business date, and what it did in the last five weeks, which the daily and
-- weekly alerts look at: the last 7 days, the 28 before them, and the day itself.
with

usage as (

    select
        *,
        {{ dbt.datediff('usage_date', as_of_date(), 'day') }} as days_ago,
        coalesce(outgoing_minutes, 0) + coalesce(incoming_minutes, 0) as minutes
    from {{ ref('stg_billing__usage_daily') }}
    where usage_date > cast({{ dbt.dateadd('day', -120, as_of_date()) }} as date)

)

select
    subscriber_id,
    max(usage_date) as last_usage_date,
    coalesce(sum(case when days_ago < 7 then minutes end), 0) as minutes_7d,
    coalesce(sum(case when days_ago between 7 and 34 then minutes end), 0) as minutes_28d,
    coalesce(sum(case when days_ago < 7 then offnet_minutes end), 0) as offnet_minutes_7d,
    coalesce(sum(case when days_ago between 7 and 34 then offnet_minutes end), 0) as offnet_minutes_28d,
    coalesce(sum(case when days_ago = 0 then calls_forwarded_offnet end), 0) as calls_forwarded_offnet,
    coalesce(sum(case when days_ago = 0 then competitor_hotline_calls end), 0) as competitor_hotline_calls
from usage
group by subscriber_id
