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


{# Before an incremental table gets its months anew: those months go, also where no row follows, and months no longer held. #}
{% macro delete_months_to_build() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where month in (select month from {{ ref('int_subscribers__months_to_build') }})
            or month not in (select month from {{ ref('int_subscribers__months_held') }})
    {%- endif -%}
{%- endmacro %}
