{# What models of scoring read of rules. #}

{# First day of the month so many months before `month`; `months` may be a figure of a seed. #}
{% macro months_before(month, months) -%}
    cast({{ dbt.dateadd('month', '-cast(' ~ months ~ ' as integer)', month) }} as date)
{%- endmacro %}


{# The threshold of an alert. #}
{% macro alert_threshold(code) -%}
    (select max(threshold) from {{ ref('alert_rules') }} where alert_code = '{{ code }}')
{%- endmacro %}


{# Conditions of the alerts that can be told from a line's months, by code, on columns of these names. `threshold` is the rule's. #}
{% macro monthly_alerts(minutes_trend, spend_trend, spend, hotline_calls, forwarded_calls) -%}
    {{ return({
        'mou_drop': minutes_trend ~ ' <= threshold',
        'arpu_drop': spend_trend ~ ' <= threshold',
        'no_charges': spend ~ ' = threshold',
        'zero_usage': 'coalesce(days_since_use, 999999) >= threshold',
        'competitor_hotline': hotline_calls ~ ' > threshold',
        'forwarding_offnet': forwarded_calls ~ ' > threshold',
        'overage': comparable('greatest(coalesce(minutes_saturation, 0), coalesce(data_saturation, 0))') ~ ' > threshold',
    }) }}
{%- endmacro %}


{# How many of these conditions hold. #}
{% macro alerts_raised(conditions) -%}
    {%- for code, condition in conditions.items() -%}
    case when {{ condition | replace('threshold', alert_threshold(code)) }} then 1 else 0 end{{ " + " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# What stands between classes of services in one text: no code holds it, as one may hold spaces. #}
{% macro class_separator() -%}
    chr(31)
{%- endmacro %}


{# Columns as one value, so that a window hands on all of them at once: each window costs as much for one column as for many. #}
{% macro struct_of(columns) -%}
    {{ return(adapter.dispatch('struct_of', 'telco360')(columns)) }}
{%- endmacro %}

{% macro default__struct_of(columns) -%}
    struct_pack({% for column in columns %}{{ column }} := {{ column }}{{ ", " if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro spark__struct_of(columns) -%}
    named_struct({% for column in columns %}'{{ column }}', {{ column }}{{ ", " if not loop.last }}{% endfor %})
{%- endmacro %}


{# Columns of the rows before, by a key and in an order, as structs `back_1`, `back_2`, … #}
{% macro rows_back(columns, rows, key, by) -%}
    {%- for place in range(1, rows + 1) -%}
    lag({{ struct_of(columns) }}, {{ place }}) over (partition by {{ key }} order by {{ by }}) as back_{{ place }}{{ ", " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# A text for each row from `first` to `last` rows before this one, 0 being the row itself, whose structs are `back_1`, `back_2`, …: `*` stands
   for a column of that row, `^` for one of the row before it. #}
{% macro each_back(text, first, last, between=', ') -%}
    {%- set texts = [] -%}
    {%- for rows in range(first, last + 1) -%}
        {%- do texts.append(text | replace('*', 'back_' ~ rows ~ '.' if rows else '') | replace('^', 'back_' ~ (rows + 1) ~ '.')) -%}
    {%- endfor -%}
    {{ texts | join(between) }}
{%- endmacro %}


{# Sum of a column over these rows: of what is known, null where nothing is or where there are fewer rows. #}
{% macro sum_back(column, first, last) -%}
    case when back_{{ last }}.month is not null and coalesce({{ each_back('*' ~ column, first, last) }}) is not null
        then {{ each_back('coalesce(*' ~ column ~ ', 0)', first, last, ' + ') }} end
{%- endmacro %}


{# Of each column, by the name that its figures get: sums over three rows each, null where the line was not there for all of them, and
   the value two rows before. #}
{% macro sums_back(columns) -%}
    {%- for name, column in columns.items() -%}
        {{ sum_back(column, 0, 2) }} as {{ name }}_sum,
        {{ sum_back(column, 1, 3) }} as {{ name }}_before,
        {{ sum_back(column, 3, 5) }} as {{ name }}_earlier,
        back_2.{{ column }} as {{ name }}_two_back{{ ", " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# Of a measure and its sums (`sums_back`) in the relation `row`: its level, its mean of three months, and how it changed on the three
   months before, over six, and on two months before; null where there was nothing to change from. #}
{% macro level_and_changes(row, name, column) -%}
    cast({{ row }}.{{ column }} as double) as {{ name }},
    {{ ratio(row ~ '.' ~ name ~ '_sum', '3') }} as {{ name }}_3m
    {%- for suffix, now, before in [('change', column ~ ' * 3', 'before'), ('trend', name ~ '_sum', 'earlier'),
        ('change_2m', column, 'two_back')] %}
    {%- set divisor = row ~ '.' ~ name ~ '_' ~ before %},
    case when {{ divisor }} > 0 then {{ ratio(row ~ '.' ~ now, divisor) }} - 1 end as {{ name }}_{{ suffix }}
    {%- endfor -%}
{%- endmacro %}
