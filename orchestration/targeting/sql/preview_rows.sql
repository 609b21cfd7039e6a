{# The first rows of a list's file, as texts. #}
{% from "macros/said.sql" import said_columns %}
with

shown as (

    select
        cells.subscriber_id,
        cells.phone,
        {%- for column in columns %}
        cells.{{ column | quoted(dialect) }}::varchar as {{ column | quoted(dialect) }},
        {%- endfor %}
        {{ said_columns(said, "decisions.offer_code") }},
        decisions.place as "place in list" -- noqa: references.special_chars
    from cells
    inner join decisions on cells.subscriber_id = decisions.subscriber_id
    left join offers on decisions.offer_code = offers.offer_code
    where decisions.list_number = {{ list_number }} and decisions.reason is null

)

select
    subscriber_id,
    phone
    {%- for column in columns %},
    {{ column | quoted(dialect) }}
    {%- endfor %},
    offer_code,
    script_en,
    script_zh,
    reason
from shown
order by "place in list" -- noqa: references.special_chars
limit {{ rows }}
