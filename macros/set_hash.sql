{# One figure for a set of rows, whatever their order: equal sets of rows with a unique column have equal figures. #}
{% macro set_hash(columns) -%}
    {{ return(adapter.dispatch('set_hash', 'telco360')(columns)) }}
{%- endmacro %}

{# Hashed twice: DuckDB lays the hash of the last column over the rest by exclusive or, so that two rows which change alike in it would
   cancel each other. #}
{% macro default__set_hash(columns) -%}
    bit_xor(hash(hash({{ columns | join(', ') }})))
{%- endmacro %}

{% macro spark__set_hash(columns) -%}
    bit_xor(xxhash64({{ columns | join(', ') }}))
{%- endmacro %}


{# One figure for a row of the relation with an alias: equal rows have equal figures. #}
{% macro row_hash(alias, columns) -%}
    {%- set named = [] -%}
    {%- for column in columns -%}{%- do named.append(alias ~ '.' ~ column) -%}{%- endfor -%}
    {{ return(adapter.dispatch('row_hash', 'telco360')(named)) }}
{%- endmacro %}

{% macro default__row_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}

{% macro spark__row_hash(columns) -%}
    xxhash64({{ columns | join(', ') }})
{%- endmacro %}
