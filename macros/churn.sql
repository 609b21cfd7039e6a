{# How much of its use a line has off-net, by the two shares of seed churn_rules. #}
{% macro offnet_band(share) -%}
    case
        when coalesce({{ share }}, 0) = 0 then 'none'
        when {{ comparable(share) }} < {{ rule('churn_rules', 'offnet_low_share') }} then 'low'
        when {{ comparable(share) }} <= {{ rule('churn_rules', 'offnet_high_share') }} then 'mid'
        else 'high'
    end
{%- endmacro %}


{# Zones of the value-loss warning that put a line at risk. #}
{% macro is_warned(zone) -%}
    {{ zone }} in ('red', 'yellow')
{%- endmacro %}


{# Lines churned over lines on-net at the end, null where none is. #}
{% macro churn_rate(is_churned) -%}
    cast(sum(case when {{ is_churned }} then 1 else 0 end)
        / nullif(sum(case when {{ is_churned }} then 0 else 1 end), 0) as double)
{%- endmacro %}


{# When each alert is raised, by code, on the columns of alert_figures and the rule's `threshold`, as of `day`. `took` is the condition that
   the line took the status CODE. #}
{% macro alert_conditions(day, took) -%}
    {%- set monthly = monthly_alerts('mou_trend', 'arpu_trend', 'arpu_amount', 'competitor_hotline_calls', 'calls_forwarded_offnet') -%}
    {%- set last_contract_day = dbt.dateadd('month', 'cast(threshold as integer)', day) -%}
    {{ return({
        'zero_usage': monthly.zero_usage,
        'low_balance': 'balance_amount < threshold',
        'forwarding_offnet': monthly.forwarding_offnet,
        'competitor_hotline': monthly.competitor_hotline,
        'arrears_suspension': took | replace('CODE', 'suspended_arrears'),
        'voluntary_suspension': took | replace('CODE', 'suspended_voluntary'),
        'pre_termination': took | replace('CODE', 'pre_terminated'),
        'negative_survey': 'lowest_score <= threshold',
        'usage_drop': 'minutes_7d < ' ~ comparable('threshold * minutes_a_week_before'),
        'calls_moving_offnet': comparable('offnet_share_7d - offnet_share_28d') ~ ' >= threshold',
        'no_charges': monthly.no_charges,
        'arpu_drop': monthly.arpu_drop,
        'mou_drop': monthly.mou_drop,
        'contract_ending': 'latest_contract_end between ' ~ day ~ ' and ' ~ last_contract_day,
        'overage': monthly.overage,
        'birthday': 'birth_month = extract(month from ' ~ day ~ ')',
    }) }}
{%- endmacro %}


{# The columns of tenure_attributes_seen that the tenure model may go by; seed tenure_attributes says by which it does. #}
{% macro tenure_attributes() -%}
    {{ return([
        'plan_code', 'brand_code', 'payment_type', 'number_class', 'arpu_band', 'income_band', 'customer_type', 'occupation',
        'region_code',
    ]) }}
{%- endmacro %}
