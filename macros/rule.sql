{# One figure of a seed of rules. #}
{% macro rule(seed, name) -%}
    (select max(value) from {{ ref(seed) }} where rule = '{{ name }}')
{%- endmacro %}
