{# Joins to each row of `relation` the percent rank of a column among all rows of its month, and the month's greatest value, under the alias
   `rank`: rows with a smaller value by all other rows, as percent_rank() gives it, null where there is no other. The values that
   occur are sorted, where the window function would sort, and hold, whole rows. `within`: columns beside the month to rank within. #}
{% macro join_percent_rank(relation, rank, column, within=[]) -%}
    {%- set keys = ['month'] + within -%}
    {%- set partition = 'partition by ' ~ keys | join(', ') -%}
    left join (
        select
            {{ keys | join(', ') }},
            {{ column }},
            max({{ column }}) over ({{ partition }}) as greatest_value,
            {{ ratio('sum(rows_of_value) over (' ~ partition ~ ' order by ' ~ column ~ ') - rows_of_value',
                'sum(rows_of_value) over (' ~ partition ~ ') - 1') }} as percent_rank
        from (
            select {{ keys | join(', ') }}, {{ column }}, count(*) as rows_of_value
            from {{ relation }}
            group by {{ keys | join(', ') }}, {{ column }}
        ) as counted
    ) as {{ rank }}
        on {% for key in keys + [column] %}{{ relation }}.{{ key }} is not distinct from {{ rank }}.{{ key }}{{ " and " if not loop.last }}{% endfor %}
{%- endmacro %}
