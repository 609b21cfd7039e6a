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


{# Condition that an event lies in one of these months, as ranges of constants, by which files are pruned; a condition on the month of
   an event would be worked out for each row. `months` are date literals in order, none for all. #}
{% macro within_months(event_time, months) -%}
    {%- if months is none -%}{{ return('1 = 1') }}{%- endif -%}
    {%- set ranges = [] -%}
    {%- for month in months -%}
        {%- set day = modules.datetime.date.fromisoformat(month.split("'")[1]) -%}
        {%- set next = "date '%04d-%02d-01'" % (day.year + day.month // 12, day.month % 12 + 1) -%}
        {%- if ranges and ranges[-1][1] == month -%}
            {%- do ranges[-1].append(next) -%}{%- do ranges[-1].pop(1) -%}
        {%- else -%}
            {%- do ranges.append([month, next]) -%}
        {%- endif -%}
    {%- endfor -%}
    ({% for from, to in ranges %}{{ event_time }} >= {{ from }} and {{ event_time }} < {{ to }}{{ " or " if not loop.last }}{% else %}1 = 0{% endfor %})
{%- endmacro %}


{# Rows of an append table as known at the as-of date: for each key the row of the latest delivery, whole, and of these the ones
   whose event time has come. A correction that moves an event beyond the date hides the earlier row, which is known to be wrong.

   Keys are unique within a delivery, so a row can be resent only by a delivery later than the first: the keys of these are
   looked up, and no window goes over all rows. Where the key holds the event time, they are fewer still: only months held by several
   deliveries, and only deliveries later than the day's first. Other keys may move from one day to another. #}
{% macro latest_rows(system, table) -%}
    {%- set rows = '(select * from ' ~ source(system, table) ~ ' where dt <= ' ~ as_of_date() ~ ')' -%}
    {%- set meta = (graph.sources.values() | selectattr('name', 'equalto', table) | first).config.meta
        if execute else {'key': ['dt'], 'event_time': 'dt'} -%}
    {%- set day = 'cast(' ~ meta.event_time ~ ' as date)' -%}
    {%- set is_fixed = meta.event_time in meta.key -%}
    {%- set months = 'select dt, ' ~ unnested('event_months') ~ ' as month from ' ~ accepted_deliveries(table) ~ ' as d' -%}
    {%- set again = ask_dates('select month from (' ~ months ~ ') as m group by month having count(distinct dt) > 1 order by month')
        if is_fixed else ask_dates('select dt from ' ~ accepted_deliveries(table) ~ ' as d order by dt')[1:] -%}
    {%- set is_again = within_months(meta.event_time, again) if is_fixed -%}
    (
        {% if not again %}
        select * from {{ rows }} as r where {{ day }} <= {{ as_of_date() }}
        {% else %}
        {% if is_fixed %}
        select * from {{ rows }} as r where {{ day }} <= {{ as_of_date() }} and not {{ is_again }}
        union all
        {% endif %}
        select r.*
        from {{ rows }} as r
        left join (
            select {% for column in meta.key %}later.{{ column }}, {% endfor %}max(later.dt) as dt
            from {{ rows }} as later
            {% if is_fixed %}
            inner join (
                select {{ day }} as event_day, min(dt) as dt
                from {{ rows }} as r
                where {{ is_again }}
                group by 1
            ) as firsts on cast(later.{{ meta.event_time }} as date) = firsts.event_day and later.dt > firsts.dt
            where {{ within_months('later.' ~ meta.event_time, again) }}
            {% else %}
            where later.dt >= {{ again[0] }}
            {% endif %}
            group by {% for column in meta.key %}later.{{ column }}{{ ", " if not loop.last }}{% endfor %}
        ) as told_again
            on {% for column in meta.key %}r.{{ column }} = told_again.{{ column }} and {% endfor %}r.dt < told_again.dt
        where cast(r.{{ meta.event_time }} as date) <= {{ as_of_date() }}
            {% if is_fixed %}and {{ within_months('r.' ~ meta.event_time, again) }}{% endif %}
            and told_again.dt is null
        {% endif %}
    )
{%- endmacro %}
