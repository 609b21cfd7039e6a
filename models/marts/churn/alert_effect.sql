-- What alerts are worth: how many of those who left each told of at past month ends, how often it was right, and how long before.
with

counted as (

    select
        thresholds.alert_code,
        thresholds.threshold,
        thresholds.is_in_force,
        coalesce(counts.value_class, 'all') as value_class,
        coalesce(max(case when counts.is_replayed then 1 else 0 end), 0) = 1 as is_replayed,
        {%- for count in ['lines', 'leavers', 'raised', 'raised_leavers', 'days_ahead'] %}
        cast(coalesce(sum(counts.{{ count }}), 0) as bigint) as {{ count }},
        {%- endfor %}
        cast({{ rule('churn_rules', 'alert_worth_z') }} as double) as z
    from {{ ref('alert_thresholds') }} as thresholds
    left join {{ ref('alert_counts') }} as counts
        on thresholds.alert_code = counts.alert_code
        and thresholds.threshold = counts.threshold
    group by thresholds.alert_code, thresholds.threshold, thresholds.is_in_force, counts.value_class

)

select
    counted.alert_code,
    rules.cadence,
    rules.severity,
    counted.threshold,
    counted.is_in_force,
    counted.value_class,
    counted.is_replayed,
    {%- for count in ['lines', 'leavers', 'raised', 'raised_leavers'] %}
    case when counted.is_replayed then counted.{{ count }} end as {{ count }},
    {%- endfor %}
    {{ ratio('raised_leavers', 'raised') }} as precision_share,
    case when is_replayed then {{ ratio('raised_leavers', 'leavers') }} end as recall_share,
    {{ ratio(ratio('raised_leavers', 'raised'), ratio('leavers', 'lines')) }} as lift,
    {{ ratio('days_ahead', 'raised_leavers') }} as mean_days_ahead,
    case when raised >= {{ rule('churn_rules', 'alert_worth_raised') }}
        then {{ comparable(wilson('raised_leavers', 'raised', '-')) }} > {{ comparable(ratio('leavers', 'lines')) }}
    end as has_worth
from counted
left join {{ ref('alert_rules') }} as rules on counted.alert_code = rules.alert_code
where counted.is_replayed or counted.value_class = 'all'
