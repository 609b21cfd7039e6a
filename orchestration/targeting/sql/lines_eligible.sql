{# How many lines match a condition, and how many of these may be put an offer. #}
{% from "macros/lines.sql" import lines_ctes %}
with

{{ lines_ctes(relations, months, changes, as_of, dialect) }},

offered as (

    select distinct subscriber_id
    from {{ relations.offer_eligibility }}
    where offer_code = {{ offer | text(dialect) }}

)

select
    count(*) as matched,
    count(offered.subscriber_id) as eligible
from lines
left join offered on lines.subscriber_id = offered.subscriber_id
where {{ condition }}
