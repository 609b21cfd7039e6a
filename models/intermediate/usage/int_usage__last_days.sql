-- When each line was last seen in the 120 days to the business date, and what it did in the last five weeks, which the daily and
-- weekly alerts look at: the last 7 days, the 28 before them, and the day itself.
{{ config(materialized='table') }}
{% set day = as_of_date() %}
{% set last_week = 'usage_date > cast(' ~ dbt.dateadd('day', -7, day) ~ ' as date)' %}
{% set before = 'usage_date <= cast(' ~ dbt.dateadd('day', -7, day) ~ ' as date) and usage_date > cast('
    ~ dbt.dateadd('day', -35, day) ~ ' as date)' %}
{% set minutes = 'coalesce(outgoing_minutes, 0) + coalesce(incoming_minutes, 0)' %}
{% set measures = {
    'minutes_7d': 'case when ' ~ last_week ~ ' then ' ~ minutes ~ ' end',
    'minutes_28d': 'case when ' ~ before ~ ' then ' ~ minutes ~ ' end',
    'offnet_minutes_7d': 'case when ' ~ last_week ~ ' then offnet_minutes end',
    'offnet_minutes_28d': 'case when ' ~ before ~ ' then offnet_minutes end',
    'calls_forwarded_offnet': 'case when usage_date = ' ~ day ~ ' then calls_forwarded_offnet end',
    'competitor_hotline_calls': 'case when usage_date = ' ~ day ~ ' then competitor_hotline_calls end',
} %}
-- One pass: two of them, joined, would hold every line twice.
select
    subscriber_id,
    max(usage_date) as last_usage_date,
    {%- for name, measure in measures.items() %}
    coalesce(sum({{ measure }}), 0) as {{ name }}{{ "," if not loop.last }}
    {%- endfor %}
from {{ ref('stg_billing__usage_daily') }}
where usage_date > cast({{ dbt.dateadd('day', -120, day) }} as date)
group by subscriber_id
