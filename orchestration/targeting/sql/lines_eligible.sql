{# How many lines match a condition, and to how many of these an offer is open; any offer where none is named. #}
{% from "macros/lines.sql" import lines_ctes %}
with

{{ lines_ctes(relations, months, changes, as_of, dialect) }},

offered as (

    select distinct subscriber_id
    from {{ relations.open_offers }}
    {%- if offer is not none %}
    where offer_code = {{ offer | text(dialect) }}
    {%- endif %}

)

select
    count(*) as matched,
    count(offered.subscriber_id) as eligible
from lines
left join offered on lines.subscriber_id = offered.subscriber_id
where {{ condition }}
