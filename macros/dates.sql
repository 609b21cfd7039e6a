{# The business date that this build stands for, as a date literal. #}
{% macro as_of_date() -%}
    {%- if execute and not var('as_of_date') -%}
        {{ exceptions.raise_compiler_error("No business date: give --vars '{as_of_date: YYYY-MM-DD}', or build with `telco360 nightly --as-of`.") }}
    {%- endif -%}
    cast('{{ var("as_of_date") or "1900-01-01" }}' as date)
{%- endmacro %}


{# First day of the last month that is complete at the as-of date, moved by `months`. A month is complete on its last day. #}
{% macro last_complete_month(months=0) -%}
    {%- set as_of = modules.datetime.date.fromisoformat((var("as_of_date") or "1900-01-01") | string) -%}
    {%- set next_day = as_of + modules.datetime.timedelta(days=1) -%}
    {%- set index = next_day.year * 12 + next_day.month - 2 + months -%}
    cast('{{ "%04d-%02d-01" % (index // 12, index % 12 + 1) }}' as date)
{%- endmacro %}


{# First day of the last billed month, moved by `months`: the month that money stands for. While nothing is billed, a month before all
   others. #}
{% macro last_billed_month(months=0) -%}
    {%- set found = ask_dates('select max(month) from ' ~ ref('dim_months') ~ ' where is_billed') or ["date '1900-01-01'"] -%}
    {%- set day = modules.datetime.date.fromisoformat(found[0].split("'")[1]) -%}
    {%- set index = day.year * 12 + day.month - 1 + months -%}
    cast('{{ "%04d-%02d-01" % (index // 12, index % 12 + 1) }}' as date)
{%- endmacro %}


{# First month of a window of so many complete months that ends with the last one, and of no more than the warehouse holds; null where it
   holds none. #}
{% macro first_month_of_last(months) -%}
    (select min(month) from {{ ref('int_subscribers__months_held') }}
        where is_complete_month and month >= {{ last_complete_month(1 - months) }})
{%- endmacro %}


{# First day of the month of a date or timestamp. #}
{% macro month_of(value) -%}
    cast({{ dbt.date_trunc('month', value) }} as date)
{%- endmacro %}


{# Last day of the month that starts at `month`. #}
{% macro month_end(month) -%}
    cast({{ dbt.dateadd('day', -1, dbt.dateadd('month', 1, month)) }} as date)
{%- endmacro %}


{# First day of a window of so many months that ends on the business date; whole calendar months where that is a month's last day. #}
{% macro window_start(months) -%}
    {%- set next_day = dbt.dateadd('day', 1, as_of_date()) -%}
    cast({{ dbt.dateadd('month', -months, next_day) }} as date)
{%- endmacro %}


{# Calendar months from `start` to `end`, the month of `start` counting as 1: tenure at a date. #}
{% macro tenure_months(start, end) -%}
    ({{ dbt.datediff(start, end, 'month') }} + 1)
{%- endmacro %}


{# Month and day of a date as one number that sorts within a year: 1231 for 31 December. #}
{% macro month_day(date) -%}
    (extract(month from {{ date }}) * 100 + extract(day from {{ date }}))
{%- endmacro %}


{# First day of the last month that is complete on a date: its own month on its last day, else the month before. #}
{% macro last_month_complete_on(date) -%}
    case when {{ date }} = {{ month_end(month_of(date)) }} then {{ month_of(date) }}
        else cast({{ dbt.dateadd('month', -1, month_of(date)) }} as date)
    end
{%- endmacro %}


{# End of a period that has none, so that periods join by plain comparisons: a join with `or` is tried row by row. #}
{% macro open_end() -%}
    cast('9999-12-31' as date)
{%- endmacro %}


{# The business date moved back by some days. #}
{% macro days_before(days) -%}
    cast({{ dbt.dateadd('day', '-cast(' ~ days ~ ' as integer)', as_of_date()) }} as date)
{%- endmacro %}
