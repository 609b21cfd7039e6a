{# What models of scoring read of rules. #}

{# First day of the month so many months before `month`; `months` may be a figure of a seed. #}
{% macro months_before(month, months) -%}
    cast({{ dbt.dateadd('month', '-cast(' ~ months ~ ' as integer)', month) }} as date)
{%- endmacro %}


{# The threshold of an alert. #}
{% macro alert_threshold(code) -%}
    (select max(threshold) from {{ ref('alert_rules') }} where alert_code = '{{ code }}')
{%- endmacro %}
