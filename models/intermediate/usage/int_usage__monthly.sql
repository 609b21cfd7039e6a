-- Rated usage of a line and month, of the months that this build computes anew: they are asked while compiling, so that of the
-- longest raw table the days in question alone are read. A measure that the source leaves empty counts 0.
{{ config(materialized='table') }}
{% set months = ask_dates('select month from ' ~ ref('int_subscribers__months_to_build') ~ ' as months order by month') %}
with

usage as (

    select
        *,
        {{ month_of('usage_date') }} as month
    from {{ ref('stg_billing__usage_daily') }}
    where {{ within_months('usage_date', months) }}

),

monthly as (

    select
        subscriber_id,
        month,
        count(*) as active_days,
        max(usage_date) as last_usage_date,
        coalesce(sum(outgoing_calls), 0) as outgoing_calls,
        coalesce(sum(incoming_calls), 0) as incoming_calls,
        coalesce(sum(outgoing_minutes), 0) as outgoing_minutes,
        coalesce(sum(incoming_minutes), 0) as incoming_minutes,
        coalesce(sum(offnet_minutes), 0) as offnet_minutes,
        coalesce(sum(roaming_minutes), 0) as roaming_minutes,
        coalesce(sum(messages_sent), 0) as messages_sent,
        coalesce(sum(data_mb), 0) as data_mb,
        coalesce(sum(roaming_data_mb), 0) as roaming_data_mb
    from usage
    group by subscriber_id, month

)

select * from monthly
