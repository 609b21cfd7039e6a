{# Whether a subscriber meets each condition, and the values of the columns that these read. #}
{% from "macros/lines.sql" import lines_ctes %}
with

{{ lines_ctes(relations, months, changes, days, as_of, dialect) }}

select
    {%- for condition in conditions %}
    ({{ condition }}) as met_{{ loop.index }},
    {%- endfor %}
    {%- for column in columns %}
    {{ column | quoted(dialect) }}{{ "," if not loop.last }}
    {%- endfor %}
from lines
where subscriber_id = {{ subscriber | text(dialect) }}
