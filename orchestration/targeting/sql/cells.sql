{# What a file shows of those who match, in no order: subscriber_id, phone, the list's columns, and what its scripts and reasons
   are made of. #}
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

),

best_offers as (

    select
        open_offers.subscriber_id,
        open_offers.offer_code as best_offer_code,
        offers.offer_name as best_offer_name
    from {{ relations.open_offers }} as open_offers
    inner join {{ relations.offers }} as offers on open_offers.offer_code = offers.offer_code
    where open_offers.is_best

)

select
    lines.subscriber_id,
    phones.phone
    {%- for column in columns %},
    lines.{{ column | quoted(dialect) }}
    {%- endfor %}
    {%- for tag in said_tags %},
    lines.{{ tag | quoted(dialect) }} as {{ ("said " ~ tag) | quoted(dialect) }}
    {%- endfor %},
    best_offers.best_offer_code,
    best_offers.best_offer_name
from lines
inner join phones on lines.subscriber_id = phones.subscriber_id
left join best_offers on lines.subscriber_id = best_offers.subscriber_id
where {{ condition }}
