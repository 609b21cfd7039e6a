{# The version that readers had on the last business date before this build's: what tags were then is read from there. It is the
   variable `version_before`, which the nightly job gives: the path of its file, on Spark the name of its database. #}

{# A table of that version; none where there is no such version or it lacks the table. #}
{% macro version_before(schema, table) -%}
    {%- if not execute or not var('version_before') -%}{{ return(none) }}{%- endif -%}
    {%- set relation = adapter.dispatch('version_before', 'telco360')(schema, table) -%}
    {{ return(relation if adapter.get_columns_in_relation(relation) else none) }}
{%- endmacro %}

{% macro default__version_before(schema, table) -%}
    {{ return(api.Relation.create(database='version_before', schema=schema, identifier=table)) }}
{%- endmacro %}

{% macro spark__version_before(schema, table) -%}
    {{ return(api.Relation.create(schema=var('version_before'), identifier=schema ~ '__' ~ table)) }}
{%- endmacro %}


{# Before a run: makes that version readable. #}
{% macro open_version_before() -%}
    {{ return(adapter.dispatch('open_version_before', 'telco360')()) }}
{%- endmacro %}

{% macro default__open_version_before() -%}
    {%- if var('version_before') -%}
        attach if not exists '{{ dbt.escape_single_quotes(var("version_before")) }}' as version_before (read_only)
    {%- endif -%}
{%- endmacro %}

{% macro spark__open_version_before() -%}
{%- endmacro %}
