{# What a file shows of those who match: subscriber_id, phone and the list's columns, in no order. #}
{% from "macros/lines.sql" import lines_ctes %}
{% from "macros/reach.sql" import has_phone %}
with

{{ lines_ctes(relations, months, changes, as_of, dialect) }},

phones as (

    select
        subscriber_id,
        msisdn as phone
    from {{ relations.phones }}
    where {{ has_phone() }}

)

select
    lines.subscriber_id,
    phones.phone
    {%- for column in columns %},
    lines.{{ column | quoted(dialect) }}
    {%- endfor %}
from lines
inner join phones on lines.subscriber_id = phones.subscriber_id
where {{ condition }}
