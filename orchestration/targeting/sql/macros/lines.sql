{# The CTEs that end with `lines`: all tags of each subscriber, and beside them what conditions ask of the past. `months`: alias,
   month and pasts (tag and column each); `changes`: tag and column each, days since the tag's last change; `days`: day
   and column each. #}
{% macro lines_ctes(relations, months, changes, days, as_of, dialect) -%}
{%- for month in months %}
{{ month.alias }} as (

    select
        subscriber_id
        {%- for past in month.pasts %},
        {{ past.tag | quoted(dialect) }} as {{ past.column | quoted(dialect) }}
        {%- endfor %}
    from {{ relations.tag_history }}
    where month = {{ month.month | day }}

),
{% endfor %}
{%- if changes %}
changes as (

    select
        subscriber_id
        {%- for change in changes %},
        max(case when tag_name = {{ change.tag | text(dialect) }} then as_of_date end) as {{ change.tag | quoted(dialect) }}
        {%- endfor %}
    from {{ relations.tag_changes }}
    where
        tag_name in ({% for change in changes %}{{ change.tag | text(dialect) }}{{ ", " if not loop.last }}{% endfor %})
        and as_of_date <= {{ as_of | day }}
    group by subscriber_id

),
{% endif %}
lines as (

    select
        tag_values.*
        {%- for month in months %}{% for past in month.pasts %},
        {{ month.alias }}.{{ past.column | quoted(dialect) }}
        {%- endfor %}{% endfor %}
        {%- for change in changes %},
        {{ days_since("changes." ~ (change.tag | quoted(dialect)), as_of, dialect) }} as {{ change.column | quoted(dialect) }}
        {%- endfor %}
        {%- for each in days %},
        {{ each.day | day }} as {{ each.column | quoted(dialect) }}
        {%- endfor %}
    from {{ relations.tag_values }} as tag_values
    {%- for month in months %}
    left join {{ month.alias }} on tag_values.subscriber_id = {{ month.alias }}.subscriber_id
    {%- endfor %}
    {%- if changes %}
    left join changes on tag_values.subscriber_id = changes.subscriber_id
    {%- endif %}

)
{%- endmacro %}


{% macro days_since(column, on, dialect) -%}
    {% if dialect == "spark" %}datediff({{ on | day }}, {{ column }}){% else %}{{ on | day }} - {{ column }}{% endif %}
{%- endmacro %}
