{# What a file shows of those who match, in no order: subscriber_id, phone, the list's columns, and what its scripts and reasons
   are made of. #}
{% from "macros/lines.sql" import lines_ctes %}
{% from "macros/open_offers.sql" import open_offers_cte %}
{% from "macros/reach.sql" import has_phone %}
with

{{ lines_ctes(relations, months, changes, days, as_of, dialect) }},

phones as (

    select
        subscriber_id,
        msisdn as phone
    from {{ relations.phones }}
    where {{ has_phone() }}

)
{%- if says_best %},

{{ open_offers_cte(relations, run_date) }}
{%- endif %}

select
    lines.subscriber_id,
    phones.phone
    {%- for column in columns %},
    lines.{{ column | quoted(dialect) }}
    {%- endfor %}
    {%- for tag in said_tags %},
    lines.{{ tag | quoted(dialect) }} as {{ ("said " ~ tag) | quoted(dialect) }}
    {%- endfor %}
    {%- if says_best %},
    open_offers.offer_code as best_offer_code,
    open_offers.offer_name as best_offer_name
    {%- endif %}
from lines
inner join phones on lines.subscriber_id = phones.subscriber_id
{%- if says_best %}
left join open_offers on lines.subscriber_id = open_offers.subscriber_id and open_offers.place = 1
{%- endif %}
where {{ condition }}
