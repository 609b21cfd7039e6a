{# Condition that keeps the months which this build computes anew, as constants, so that it reaches the scan of raw through every
   view; all months where the table is built whole. #}
{% macro in_months_to_build() -%}
    {%- set to_build = ref('int_subscribers__months_to_build') -%}
    {%- if is_incremental() -%}
        {%- set months = ask_dates('select month from ' ~ to_build ~ ' order by month') -%}
        month in ({{ (months or ["cast('1900-01-01' as date)"]) | join(', ') }})
    {%- else -%}
        month >= cast('1900-01-01' as date)
    {%- endif -%}
{%- endmacro %}


{# How a table is kept by month: months to build are replaced, all others stay as they are. #}
{% macro built_by_month() -%}
    {{ return(adapter.dispatch('built_by_month', 'telco360')()) }}
{%- endmacro %}

{% macro default__built_by_month() -%}
    {{ config(
        materialized='incremental', incremental_strategy='delete+insert', unique_key='month', on_schema_change='fail',
        pre_hook="{{ delete_months_to_build() }}"
    ) }}
{%- endmacro %}

{% macro spark__built_by_month() -%}
    {{ config(
        materialized='incremental', incremental_strategy='insert_overwrite', partition_by=['month'], on_schema_change='fail',
        pre_hook="{{ delete_months_to_build() }}"
    ) }}
{%- endmacro %}


{# Before an incremental table gets its months anew: those months go, also where no row follows, and months no longer held. #}
{% macro delete_months_to_build() -%}
    {%- if is_incremental() -%}
        {{ adapter.dispatch('delete_months', 'telco360')(this, 'month in (select month from ' ~ ref('int_subscribers__months_to_build')
            ~ ') or month not in (select month from ' ~ ref('int_subscribers__months_held') ~ ')') }}
    {%- endif -%}
{%- endmacro %}

{% macro default__delete_months(relation, condition) -%}
    delete from {{ relation }} where {{ condition }}
{%- endmacro %}

{# Spark has no delete on Parquet; a month is a partition, and goes as one. #}
{% macro spark__delete_months(relation, condition) -%}
    {%- set months = ask_dates('select distinct month from ' ~ relation ~ ' where ' ~ condition) -%}
    {%- if months -%}
        alter table {{ relation }} drop if exists
        {%- for month in months %} partition (month = {{ month }}){{ "," if not loop.last }}{% endfor %}
    {%- endif -%}
{%- endmacro %}
