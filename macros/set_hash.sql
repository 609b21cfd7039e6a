{# One figure for a set of rows, whatever their order: equal sets of rows with a unique column have equal figures. #}
{% macro set_hash(columns) -%}
    {{ return(adapter.dispatch('set_hash', 'telco360')(columns)) }}
{%- endmacro %}

{% macro default__set_hash(columns) -%}
    bit_xor(hash({{ columns | join(', ') }}))
{%- endmacro %}

{% macro spark__set_hash(columns) -%}
    bit_xor(xxhash64({{ columns | join(', ') }}))
{%- endmacro %}
