{# The first rows of a list's file, as texts. #}
select
    cells.subscriber_id,
    cells.phone
    {%- for column in columns %},
    cells.{{ column | quoted(dialect) }}::varchar as {{ column | quoted(dialect) }}
    {%- endfor %}
from cells
inner join decisions on cells.subscriber_id = decisions.subscriber_id
where decisions.list_number = {{ list_number }} and decisions.reason is null
order by decisions.place
limit {{ rows }}
