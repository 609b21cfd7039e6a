{# One row for each element of a list, in a select. #}
{% macro unnested(list) -%}
    {{ return(adapter.dispatch('unnested', 'telco360')(list)) }}
{%- endmacro %}

{% macro default__unnested(list) -%}
    unnest({{ list }})
{%- endmacro %}

{% macro spark__unnested(list) -%}
    explode({{ list }})
{%- endmacro %}
