{# What models of scoring read of rules. #}

{# First day of the month so many months before `month`; `months` may be a figure of a seed. #}
{% macro months_before(month, months) -%}
    cast({{ dbt.dateadd('month', '-cast(' ~ months ~ ' as integer)', month) }} as date)
{%- endmacro %}


{# The threshold of an alert. #}
{% macro alert_threshold(code) -%}
    (select max(threshold) from {{ ref('alert_rules') }} where alert_code = '{{ code }}')
{%- endmacro %}


{# Conditions of the alerts that can be told from a line's months, by code, on columns of these names. `threshold` is the rule's. #}
{% macro monthly_alerts(minutes_trend, spend_trend, spend, hotline_calls, forwarded_calls) -%}
    {{ return({
        'mou_drop': minutes_trend ~ ' <= threshold',
        'arpu_drop': spend_trend ~ ' <= threshold',
        'no_charges': spend ~ ' = threshold',
        'zero_usage': 'coalesce(days_since_use, 999999) >= threshold',
        'competitor_hotline': hotline_calls ~ ' > threshold',
        'forwarding_offnet': forwarded_calls ~ ' > threshold',
        'overage': comparable('greatest(coalesce(minutes_saturation, 0), coalesce(data_saturation, 0))') ~ ' > threshold',
    }) }}
{%- endmacro %}


{# How many of these conditions hold. #}
{% macro alerts_raised(conditions) -%}
    {%- for code, condition in conditions.items() -%}
    case when {{ condition | replace('threshold', alert_threshold(code)) }} then 1 else 0 end{{ " + " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
