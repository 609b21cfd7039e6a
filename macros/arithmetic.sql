{# Arithmetic that is to give the same figure on every engine. Counts divide alike everywhere; decimals and rounding do not. #}

{# Quotient as a double, null where the divisor is 0. Spark would divide decimals as decimals, cut to few places. #}
{% macro ratio(dividend, divisor) -%}
    cast({{ dividend }} as double) / nullif({{ divisor }}, 0)
{%- endmacro %}


{# A quotient as it is compared with a limit or ranked: to 9 decimals, so that 0.01 of 0.05 is the 0.2 that a limit of 0.2 means, and
   equal quotients of different decimals are equal. #}
{% macro comparable(quotient) -%}
    {{ rounded(quotient, 9) }}
{%- endmacro %}


{# Rounded half away from zero, as a decimal. A double that stands for an exact half is beside it: six places more than asked
   bring it back, where rounding the double itself would now and then go down. #}
{% macro rounded(value, places) -%}
    {{ return(adapter.dispatch('rounded', 'telco360')(value, places)) }}
{%- endmacro %}

{% macro default__rounded(value, places) -%}
    round(cast({{ value }} as decimal(38, {{ places + 6 }})), {{ places }})
{%- endmacro %}

{# DuckDB divides 128-bit integers some twenty times as slowly as 64-bit ones: whatever fits into 18 digits is rounded as such. #}
{% macro duckdb__rounded(value, places) -%}
    {%- if places > 10 -%}
        {{ telco360.default__rounded(value, places) }}
    {%- else -%}
        case when abs({{ value }}) < 1e{{ 11 - places }} then round(cast({{ value }} as decimal(18, {{ places + 6 }})), {{ places }})
            else {{ telco360.default__rounded(value, places) }} end
    {%- endif -%}
{%- endmacro %}
