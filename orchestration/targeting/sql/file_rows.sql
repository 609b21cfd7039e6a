{# What the file of a list is to hold, in its order. No tag is called as the position is. #}
{% from "macros/said.sql" import said_columns %}
create or replace temp table file_rows as
select
    {%- for column in columns %}
    cells.{{ column | quoted(dialect) }},
    {%- endfor %}
    {{ said_columns(said, "members.offer_code") }},
    members.position as "position in file" -- noqa: references.special_chars
from cells
inner join members on cells.subscriber_id = members.subscriber_id
left join offers on members.offer_code = offers.offer_code
where members.position is not null
order by members.position
