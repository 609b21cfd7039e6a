-- A line's means over the three complete months that end with each month, how they moved against the three months before, and
-- what it brought in twelve. A month counts in a mean where the line was on-net on at least one of its days. Of a month whose
-- bills are not in, use is known and money is not. Only months that changed are built.
{% set to_build = built_by_month('fct_average_sources', looks_back=true) %}
{% set measures = {'arpu': 'arpu_amount', 'mou': 'mou_minutes', 'dou': 'dou_mb'} %}
{% set uses = {'outgoing': 'outgoing_minutes', 'calls': 'call_count', 'messages': 'messages_sent'} %}
with

months as (

    select
        facts.*,
        months.is_billed
    from {{ ref('fct_subscriber_months') }} as facts
    inner join {{ ref('dim_months') }} as months on facts.month = months.month
    where facts.is_complete_month and not facts.is_after_churn
        and {{ in_months('facts.month', to_build, back=11) }}

),

summed as (

    select
        subscriber_id,
        month,
        is_billed,
        {%- for name, column in measures.items() %}
        sum(case when was_on_net then {{ column }} end) over last_three as {{ name }}_sum,
        sum(case when was_on_net then {{ column }} end) over three_before as {{ name }}_sum_before,
        {%- endfor %}
        {%- for name, column in uses.items() %}
        sum(case when was_on_net then {{ column }} end) over last_three as {{ name }}_sum,
        {%- endfor %}
        sum(case when was_on_net then offnet_minutes end) over last_three as offnet_minutes_sum,
        nullif(sum(case when was_on_net then 1 else 0 end) over last_three, 0) as months_counted,
        nullif(sum(case when was_on_net then 1 else 0 end) over three_before, 0) as months_counted_before,
        sum(arpu_amount) over last_twelve as realised_value
    from months
    window
        last_twelve as (partition by subscriber_id order by month rows between 11 preceding and current row),
        last_three as (partition by subscriber_id order by month rows between 2 preceding and current row),
        three_before as (partition by subscriber_id order by month rows between 5 preceding and 3 preceding)

),

averaged as (

    select
        subscriber_id,
        month,
        case when is_billed then cast(realised_value as decimal(18, 2)) end as realised_value,
        {{ ratio('offnet_minutes_sum', 'mou_sum') }} as offnet_share_3m,
        {%- for name in uses %}
        cast({{ rounded(ratio(name ~ '_sum', 'months_counted'), 4) }} as decimal(18, 4)) as {{ name }}_3m,
        {%- endfor %}
        {%- for name in measures %}
        {%- set sum = 'case when is_billed then arpu_sum end' if name == 'arpu' else name ~ '_sum' %}
        cast({{ rounded(ratio(sum, 'months_counted'), 4) }} as decimal(18, 4)) as {{ name }}_3m,
        cast({{ rounded(ratio(name ~ '_sum_before', 'months_counted_before'), 4) }} as decimal(18, 4))
            as {{ name }}_3m_before{{ "," if not loop.last }}
        {%- endfor %}
    from summed
    where {{ in_months('month', to_build) }}

),

compared as (

    select
        averaged.subscriber_id,
        averaged.month,
        averaged.arpu_3m,
        averaged.mou_3m,
        averaged.dou_3m,
        {%- for name in uses %}
        averaged.{{ name }}_3m,
        {%- endfor %}
        averaged.offnet_share_3m,
        {%- for name in measures %}
        case when averaged.{{ name }}_3m_before > 0
            then cast(
                {{ rounded(ratio('averaged.' ~ name ~ '_3m', 'averaged.' ~ name ~ '_3m_before') ~ ' - 1', 6) }} as decimal(18, 6)
            )
        end as {{ name }}_trend,
        {%- endfor %}
        arpu_bands.band as arpu_band,
        averaged.realised_value,
        sources.source_fingerprint
    from averaged
    left join {{ ref('fct_average_sources') }} as sources on averaged.month = sources.month
    left join {{ bands('arpu_bands') }} as arpu_bands
        on {{ in_band('averaged.arpu_3m', 'arpu_bands') }}

)

select * from compared
