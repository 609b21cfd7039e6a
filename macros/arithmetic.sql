{# Arithmetic that is to give the same figure on every engine. Counts divide alike everywhere; decimals and rounding do not. #}

{# Quotient as a double, null where the divisor is 0. Spark would divide decimals as decimals, cut to few places. #}
{% macro ratio(dividend, divisor) -%}
    cast({{ dividend }} as double) / nullif({{ divisor }}, 0)
{%- endmacro %}


{# A double rounded half away from zero. Spark would round the digits that it prints, DuckDB rounds the number that is there. #}
{% macro rounded(value, places) -%}
    {{ return(adapter.dispatch('rounded', 'telco360')(value, places)) }}
{%- endmacro %}

{% macro default__rounded(value, places) -%}
    round({{ value }}, {{ places }})
{%- endmacro %}

{% macro spark__rounded(value, places) -%}
    round(cast({{ value }} as double) * 1e{{ places }}) / 1e{{ places }}
{%- endmacro %}
