{# How a table of history is kept by month: months whose sources are others than those that they were made from are replaced, all
   others stay as they are. What a month was made from is in the table itself, as `source_fingerprint`. #}

{# Months to rebuild, as a query: by the fingerprints that a model gives, checked against a table as it stands. #}
{% macro changed_months(sources, table) -%}
    (
        select sources.month
        from {{ ref(sources) }} as sources
        left join (select month, min(source_fingerprint) as source_fingerprint from {{ table }} group by month) as built
            on sources.month = built.month
        where sources.source_fingerprint is distinct from built.source_fingerprint
    )
{%- endmacro %}


{# Has a table built by month. Returns the months that the statement being written is for, as date literals, so that they reach the
   scan of raw through every view; none where a query of all months is asked for, as by a unit test. `sources`: the model that
   gives the months and their fingerprints. `is_kept` false: a table of one build alone, made from nothing each time. `last_apart`: the
   last month is made by itself. `by_lines`: a row comes of what is told of its line, so that a month may be made in ranges of lines;
   `looks_back`: and of so many months that all are made in ranges of lines at once. #}
{% macro built_by_month(sources, is_kept=true, last_apart=false, by_lines=false, looks_back=false) -%}
    {%- if is_kept -%}{{ config(unique_key='month') }}{%- else -%}{{ config(full_refresh=true) }}{%- endif -%}
    {{ return(adapter.dispatch('built_by_month', 'telco360')(sources, last_apart, by_lines or looks_back, looks_back)) }}
{%- endmacro %}

{# The materialization (materializations/incremental.sql) writes the model's statement anew for each batch of months. #}
{% macro default__built_by_month(sources, last_apart, by_lines, looks_back) -%}
    {{ config(
        materialized='incremental', on_schema_change='fail',
        meta={'months_from': sources, 'last_apart': last_apart, 'by_lines': by_lines, 'looks_back': looks_back}
    ) }}
    {%- do ref(sources) -%}
    {{ return(model.get('months_of_batch')) }}
{%- endmacro %}

{# Spark plans within the memory of its executors and spills by itself: all months that changed in one statement. #}
{% macro spark__built_by_month(sources, last_apart, by_lines, looks_back) -%}
    {{ config(
        materialized='incremental', incremental_strategy='insert_overwrite', partition_by=['month'], on_schema_change='fail',
        pre_hook="{{ delete_months_to_build('" ~ sources ~ "') }}"
    ) }}
    {%- set asked = changed_months(sources, this) if is_incremental() else ref(sources) -%}
    {{ return(ask_dates('select month from ' ~ asked ~ ' as asked order by month')) }}
{%- endmacro %}


{# Condition that keeps these months, and as many before each as a window looks back on. `column` holds first days of months. First and
   last month are given too: DuckDB passes bounds on to the other side of a join by month, but no list. #}
{% macro in_months(column, months, back=0) -%}
    {%- if months is none -%}
        {{ column }} >= cast('1900-01-01' as date)
    {%- else -%}
        {%- set reached = [] -%}
        {%- for month in months or ["date '1900-01-01'"] -%}
            {%- set day = modules.datetime.date.fromisoformat(month.split("'")[1]) -%}
            {%- for index in range(day.year * 12 + day.month - 1 - back, day.year * 12 + day.month) -%}
                {%- do reached.append(index) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- set dates = [] -%}
        {%- for index in reached | unique | sort -%}
            {%- do dates.append("cast('%04d-%02d-01' as date)" % (index // 12, index % 12 + 1)) -%}
        {%- endfor -%}
        {{ column }} >= {{ dates | first }} and {{ column }} <= {{ dates | last }}
        {%- if dates | length <= reached | max - reached | min %} and {{ column }} in ({{ dates | join(', ') }}){% endif %}
    {%- endif -%}
{%- endmacro %}


{# Before an incremental table gets its months anew: those months go, also where no row follows, and months that have no source. #}
{% macro delete_months_to_build(sources) -%}
    {%- if is_incremental() -%}
        {{ adapter.dispatch('delete_months', 'telco360')(this, 'month in (select month from ' ~ changed_months(sources, this)
            ~ ' as changed) or month not in (select month from ' ~ ref(sources) ~ ')') }}
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


{# One fingerprint of several texts about a month, a null kept apart from nothing. #}
{% macro fingerprint_of(texts) -%}
    md5(concat({% for text in texts %}coalesce(cast({{ text }} as {{ dbt.type_string() }}), '-'){{ ", ' ', " if not loop.last }}{% endfor %}))
{%- endmacro %}


{# The rows of a seed as one text, for fingerprints: a changed rule rebuilds what goes by it. #}
{% macro seed_text(seed, columns) -%}
    (
        select {{ dbt.listagg("concat(" ~ columns | join(", ' ', ") ~ ")", "'; '", 'order by ' ~ columns[0]) }}
        from (select {% for column in columns %}coalesce(cast({{ column }} as {{ dbt.type_string() }}), '-') as {{ column }}{{ ", " if not loop.last }}{% endfor %} from {{ ref(seed) }}) as rules
    )
{%- endmacro %}
