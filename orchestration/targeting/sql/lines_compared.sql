{# What each comparison gives for each line, in the order of the lines: 0 false, 1 unknown, 2 true. #}
{% from "macros/lines.sql" import lines_ctes %}
with

{{ lines_ctes(relations, months, changes, days, as_of, dialect) }}

select
    {%- for comparison in comparisons %}
    cast(case when {{ comparison }} then 2 when not {{ comparison }} then 0 else 1 end as utinyint) as compared_{{ loop.index }}
    {{- "," if not loop.last }}
    {%- endfor %}
from lines
