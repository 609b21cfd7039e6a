{# How much of its use a line has off-net, by the two shares of seed churn_rules. #}
{% macro offnet_band(share) -%}
    case
        when coalesce({{ share }}, 0) = 0 then 'none'
        when {{ comparable(share) }} < {{ rule('churn_rules', 'offnet_low_share') }} then 'low'
        when {{ comparable(share) }} <= {{ rule('churn_rules', 'offnet_high_share') }} then 'mid'
        else 'high'
    end
{%- endmacro %}


{# Lines churned over lines on-net at the end, null where none is. #}
{% macro churn_rate(is_churned) -%}
    cast(sum(case when {{ is_churned }} then 1 else 0 end)
        / nullif(sum(case when {{ is_churned }} then 0 else 1 end), 0) as double)
{%- endmacro %}
