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
