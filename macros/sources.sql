{# How each engine reads the lake's Parquet in place. DuckDB reads files where they are named in a query (`external_location`); Spark reads
   tables of its metastore that lie over the same files, declared from the same YAML: nothing is guessed from a file. #}

{# A source as a relation of the running engine. #}
{% macro source(source_name, table_name) -%}
    {{ return(adapter.dispatch('placed_source', 'telco360')(builtins.source(source_name, table_name))) }}
{%- endmacro %}

{# Where the lake lies is asked when a statement is written, so that what dbt has parsed serves every home. #}
{% macro default__placed_source(relation) -%}
    {{ return(relation.incorporate(external=relation.external | replace('{lake}', lake())) if execute else relation) }}
{%- endmacro %}

{% macro spark__placed_source(relation) -%}
    {{ return(relation.incorporate(path={'schema': target.schema ~ '_raw'})) }}
{%- endmacro %}


{# Before a run: makes the sources readable as the lake lies now. #}
{% macro declare_sources() -%}
    {{ return(adapter.dispatch('declare_sources', 'telco360')()) }}
{%- endmacro %}

{% macro default__declare_sources() -%}
{%- endmacro %}

{# Tables over folders hold no data: dropped and declared anew, they follow the contract and the deliveries that lie there. #}
{% macro spark__declare_sources() -%}
    {%- if execute -%}
        {%- do run_query('create database if not exists ' ~ target.schema ~ '_raw') -%}
        {%- for node in graph.sources.values() -%}
            {%- set relation = target.schema ~ '_raw.' ~ node.name -%}
            {%- set files = node.config.meta.external_location.split("'")[1]
                | replace('{lake}', env_var('TELCO360_SPARK_LAKE', '') or lake()) | replace('{name}', node.name) -%}
            {#- Raw is split by dt, which the contract leaves out of the columns; another split is by a column that is there. -#}
            {%- set split = node.config.meta.partition or ('dt' if '/*/' in files) -%}
            {%- set columns = spark_columns(node) + (['`dt` date'] if split == 'dt' else []) -%}
            {%- do run_query('drop table if exists ' ~ relation) -%}
            {%- do run_query('create table ' ~ relation ~ ' (' ~ columns | join(', ') ~ ') using parquet'
                ~ (' partitioned by (' ~ split ~ ')' if split else '') ~ " location '" ~ files.split('/*')[0] ~ "'") -%}
            {%- if split -%}{%- do run_query('msck repair table ' ~ relation) -%}{%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro lake() -%}
    {{ return(env_var('TELCO360_HOME', 'data') ~ '/lake') }}
{%- endmacro %}

{# Columns of a source with their types in the lake's Parquet: the contract's integer has 64 bits. #}
{% macro spark_columns(node) -%}
    {%- set types = {'integer': 'bigint', 'date[]': 'array<date>'} -%}
    {%- set columns = [] -%}
    {%- for column in node.columns.values() -%}
        {%- do columns.append('`' ~ column.name ~ '` ' ~ types.get(column.data_type, column.data_type)) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}
