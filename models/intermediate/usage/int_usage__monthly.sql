-- Rated usage of a line and month, of the months that this build recomputes, a batch at a time: of the longest raw table the days
-- in question alone are read. A measure that the source leaves empty counts 0.
{% set months = built_by_month('int_subscribers__months_to_build', is_kept=false, by_lines=true) %}
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
        cast(count(*) as integer) as active_days,
        max(usage_date) as last_usage_date,
        {%- for measure in ['outgoing_minutes', 'incoming_minutes', 'offnet_minutes', 'roaming_minutes'] %}
        cast(coalesce(sum({{ measure }}), 0) as decimal(18, 2)) as {{ measure }},
        {%- endfor %}
        cast(coalesce(sum(data_mb), 0) as decimal(20, 3)) as data_mb,
        cast(coalesce(sum(roaming_data_mb), 0) as decimal(20, 3)) as roaming_data_mb,
        cast(coalesce(sum(outgoing_calls), 0) + coalesce(sum(incoming_calls), 0) as bigint) as call_count,
        {%- for count in ['messages_sent', 'calls_forwarded_offnet', 'competitor_hotline_calls'] %}
        cast(coalesce(sum({{ count }}), 0) as bigint) as {{ count }}{{ "," if not loop.last }}
        {%- endfor %}
    from usage
    group by subscriber_id, month

)

select * from monthly
