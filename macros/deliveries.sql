{# How staging reads the lake. Dates of deliveries are asked from the intake ledger while a model is compiled, so that they stand
   in the SQL as constants and partitions are pruned. #}

{# First column of a query, as a list of date literals; empty while dbt only parses. #}
{% macro ask_dates(query) -%}
    {%- set dates = [] -%}
    {%- for date in (run_query(query).columns[0].values() if execute else []) if date -%}
        {%- do dates.append("date '" ~ date ~ "'") -%}
    {%- endfor -%}
    {{ return(dates) }}
{%- endmacro %}


{# Accepted deliveries of a raw table up to the as-of date. #}
{% macro accepted_deliveries(table) -%}
    (
        select dt, event_months from {{ source('ledger', 'intake') }}
        where outcome = 'accepted' and table_name = '{{ table }}' and dt <= {{ as_of_date() }}
    )
{%- endmacro %}


{# Date of the latest delivery of a snapshot table; that of the empty file which intake lays down where none ever came. #}
{% macro latest_delivery(table) -%}
    {{ (ask_dates('select max(dt) from ' ~ accepted_deliveries(table) ~ ' as d') or ["cast('1900-01-01' as date)"]) | first }}
{%- endmacro %}


{# Dates of the last delivery of a snapshot table in each month, as a list for `in`. #}
{% macro last_deliveries_by_month(table) -%}
    {%- set query = 'select max(dt) from ' ~ accepted_deliveries(table) ~ ' as d group by ' ~ month_of('dt') ~ ' order by 1' -%}
    ({{ (ask_dates(query) or ["cast('1900-01-01' as date)"]) | join(', ') }})
{%- endmacro %}


{# Rows of an append table as known at the as-of date: for each key the row of the latest delivery, whole, and of these the ones
   whose event time has come. A correction that moves an event beyond the date hides the earlier row, which is known to be wrong.

   Keys are unique within a delivery, so a key that holds the event time needs the window, which is what costs, only in months
   held by several deliveries. Other keys may move from one month to another and are looked at as a whole. #}
{% macro latest_rows(system, table) -%}
    {%- set rows = '(select * from ' ~ source(system, table) ~ ' where dt <= ' ~ as_of_date() ~ ')' -%}
    {%- set meta = (graph.sources.values() | selectattr('name', 'equalto', table) | first).config.meta
        if execute else {'key': ['dt'], 'event_time': 'dt'} -%}
    {%- set day = 'cast(' ~ meta.event_time ~ ' as date)' -%}
    {%- set months = 'select dt, ' ~ unnested('event_months') ~ ' as month from ' ~ accepted_deliveries(table) ~ ' as d' -%}
    {%- set again = ask_dates('select month from (' ~ months ~ ') as m group by month having count(distinct dt) > 1 order by month') -%}
    {%- set is_again = month_of(meta.event_time) ~ ' in (' ~ again | join(', ') ~ ')' -%}
    {%- set is_latest = 'row_number() over (partition by ' ~ meta.key | join(', ') ~ ' order by dt desc) = 1' -%}
    (
        {% if meta.event_time not in meta.key %}
        select * from (select * from {{ rows }} as r qualify {{ is_latest }}) as latest where {{ day }} <= {{ as_of_date() }}
        {% elif not again %}
        select * from {{ rows }} as r where {{ day }} <= {{ as_of_date() }}
        {% else %}
        select * from {{ rows }} as r where {{ day }} <= {{ as_of_date() }} and not {{ is_again }}
        union all
        select * from {{ rows }} as r where {{ day }} <= {{ as_of_date() }} and {{ is_again }} qualify {{ is_latest }}
        {% endif %}
    )
{%- endmacro %}
