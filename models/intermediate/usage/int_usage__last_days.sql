-- When each line was last seen in the 120 days to the business date, and what it did in the last five weeks, which the daily and
-- weekly alerts look at: the last 7 days, the 28 before them, and the day itself.
{{ config(materialized='table') }}
{% set day = as_of_date() %}
{% set last_week = 'usage_date > cast(' ~ dbt.dateadd('day', -7, day) ~ ' as date)' %}
{% set before = 'usage_date <= cast(' ~ dbt.dateadd('day', -7, day) ~ ' as date)' %}
{% set minutes = 'coalesce(outgoing_minutes, 0) + coalesce(incoming_minutes, 0)' %}
with

seen as (

    select
        subscriber_id,
        max(usage_date) as last_usage_date
    from {{ ref('stg_billing__usage_daily') }}
    where usage_date > cast({{ dbt.dateadd('day', -120, day) }} as date)
    group by subscriber_id

),

used as (

    select
        subscriber_id,
        sum(case when {{ last_week }} then {{ minutes }} end) as minutes_7d,
        sum(case when {{ before }} then {{ minutes }} end) as minutes_28d,
        sum(case when {{ last_week }} then offnet_minutes end) as offnet_minutes_7d,
        sum(case when {{ before }} then offnet_minutes end) as offnet_minutes_28d,
        sum(case when usage_date = {{ day }} then calls_forwarded_offnet end) as calls_forwarded_offnet,
        sum(case when usage_date = {{ day }} then competitor_hotline_calls end) as competitor_hotline_calls
    from {{ ref('stg_billing__usage_daily') }}
    where usage_date > cast({{ dbt.dateadd('day', -35, day) }} as date)
    group by subscriber_id

)

select
    seen.subscriber_id,
    seen.last_usage_date,
    {%- for measure in [
        'minutes_7d', 'minutes_28d', 'offnet_minutes_7d', 'offnet_minutes_28d', 'calls_forwarded_offnet', 'competitor_hotline_calls'
    ] %}
    coalesce(used.{{ measure }}, 0) as {{ measure }}{{ "," if not loop.last }}
    {%- endfor %}
from seen
left join used on seen.subscriber_id = used.subscriber_id
