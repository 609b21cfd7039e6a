{# Public models and seeds are built in a database file of their own, from which versions are published. Spark has no databases above
   schemas. #}
{% macro generate_database_name(custom_database_name=none, node=none) -%}
    {{ return(public_database() if node and node.config.meta.get('public') else target.get('database')) }}
{%- endmacro %}

{% macro public_database() -%}
    {{ return(adapter.dispatch('public_database', 'telco360')()) }}
{%- endmacro %}

{% macro default__public_database() -%}
    {{ return('telco360_public') }}
{%- endmacro %}

{% macro spark__public_database() -%}
    {{ return(none) }}
{%- endmacro %}


{# A schema is named as its folder. On Spark, whose metastore is shared with others, the build's own name stands before it. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ return(adapter.dispatch('generate_schema_name', 'telco360')(custom_schema_name)) }}
{%- endmacro %}

{% macro default__generate_schema_name(custom_schema_name, node) -%}
    {{ return((custom_schema_name or target.schema) | trim) }}
{%- endmacro %}

{% macro spark__generate_schema_name(custom_schema_name, node) -%}
    {{ return((target.schema ~ '_' ~ custom_schema_name if custom_schema_name else target.schema) | trim) }}
{%- endmacro %}
