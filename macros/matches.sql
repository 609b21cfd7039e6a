{# Does the text match the regular expression? #}
{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('matches', 'telco360')(text, pattern)) }}
{%- endmacro %}

{% macro default__matches(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern }})
{%- endmacro %}

{% macro spark__matches(text, pattern) -%}
    {{ text }} rlike {{ pattern }}
{%- endmacro %}
