{# How many lines meet the condition, by the values of each tag. #}
{% from "macros/lines.sql" import lines_ctes %}
with

{{ lines_ctes(relations, months, changes, days, as_of, dialect) }},

met as (

    select
        {%- for tag in tags %}
        coalesce(cast({{ tag | quoted(dialect) }} as string), 'unknown') as {{ tag | quoted(dialect) }}{{ "," if not loop.last }}
        {%- endfor %}
    from lines
    where {{ condition }}

){% for tag in tags %}{{ "," if loop.first }}

by_{{ tag }} as (

    select
        {{ tag | text(dialect) }} as tag_name,
        {{ tag | quoted(dialect) }} as value,
        count(*) as lines
    from met
    group by {{ tag | quoted(dialect) }}

){{ "," if not loop.last }}
{%- endfor %}

{% for tag in tags -%}
select * from by_{{ tag }}
{{ "union all" if not loop.last }}
{% endfor -%}
order by tag_name asc, lines desc, value asc
