{# Lines churned over lines on-net at the end, null where none is. #}
{% macro churn_rate(is_churned) -%}
    cast(sum(case when {{ is_churned }} then 1 else 0 end)
        / nullif(sum(case when {{ is_churned }} then 0 else 1 end), 0) as double)
{%- endmacro %}
