{# How many lines meet each condition, in one scan. #}
{% from "macros/lines.sql" import lines_ctes %}
with

{{ lines_ctes(relations, months, changes, days, as_of, dialect) }}

select
    {%- for condition in conditions %}
    sum(case when {{ condition }} then 1 else 0 end) as met_{{ loop.index }}{{ "," if not loop.last }}
    {%- endfor %}
from lines
