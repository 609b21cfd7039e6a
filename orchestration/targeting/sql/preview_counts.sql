{# A list's lines by the values of a column: those exported, or those left out at a step. #}
select
    coalesce({{ column | quoted(dialect) }}, 'unknown') as value,
    count(*) as lines
from decisions
where list_number = {{ list_number }} and reason is not distinct from {{ reason | text(dialect) }}
group by 1
order by 2 desc, 1
