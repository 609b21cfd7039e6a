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


{# A list of these values, in a select. #}
{% macro as_list(values) -%}
    {{ return(adapter.dispatch('as_list', 'telco360')(values)) }}
{%- endmacro %}

{% macro default__as_list(values) -%}
    [{{ values | join(', ') }}]
{%- endmacro %}

{% macro spark__as_list(values) -%}
    array({{ values | join(', ') }})
{%- endmacro %}
