{# How many lines match a condition, and to how many of these an offer is open; any offer where none is named. #}
{% from "macros/lines.sql" import lines_ctes %}
{% from "macros/open_offers.sql" import open_offers_cte %}
with

{{ lines_ctes(relations, months, changes, days, as_of, dialect) }},

{{ open_offers_cte(relations, run_date) }},

offered as (

    select distinct subscriber_id
    from open_offers
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
