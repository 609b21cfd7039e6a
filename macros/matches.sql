{# Does the whole text match the regular expression? #}
{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('matches', 'telco360')(text, pattern)) }}
{%- endmacro %}

{% macro default__matches(text, pattern) -%}
    regexp_full_match({{ text }}, {{ pattern }})
{%- endmacro %}

{% macro spark__matches(text, pattern) -%}
    {{ text }} rlike concat('^(', {{ pattern }}, ')$')
{%- endmacro %}
