{# Everyone whom a list matches, one row a list and subscriber, why it is left out, and its place in the order.
   All tags are scanned once, whatever the number of lists. #}
{% from "macros/lines.sql" import lines_ctes %}
{% from "macros/reach.sql" import is_closed, reach_ctes %}
with

asked as (

    {%- for list in lists %}
    select
        {{ list.number }} as list_number,
        {{ list.channel | text(dialect) }} as channel,
        {{ list.name | text(dialect) }} as list_name,
        {{ list.offer | text(dialect) }} as offer_code,
        {{ list.ordered_after | day }} as ordered_after,
        {{ list.refused_after | day }} as refused_after
        {%- for days, contacts in list.caps %},
        {{ contacts }} as cap_{{ days }}
        {%- endfor %}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

{{ lines_ctes(relations, months, changes, as_of, dialect) }},

flagged as (

    select
        subscriber_id,
        {%- for column, data_type in kept.items() %}
        cast({{ column | quoted(dialect) if column in present else "null" }} as {{ data_type }}) as {{ column }},
        {%- endfor %}
        {%- for tag in order_tags %}
        {{ tag | quoted(dialect) }} as {{ ("order " ~ tag) | quoted(dialect) }},
        {%- endfor %}
        {%- for list in lists %}
        {{ list.condition }} as in_{{ list.number }}{{ "," if not loop.last }}
        {%- endfor %}
    from lines

),

matched as (

    select
        asked.*,
        flagged.*
    from flagged
    cross join asked
    where
        case asked.list_number
            {%- for list in lists %}
            when {{ list.number }} then flagged.in_{{ list.number }}
            {%- endfor %}
        end

),

{{ reach_ctes(relations, channels, run_date) }},

ordered as (

    select distinct
        asked.list_number,
        orders.subscriber_id
    from {{ relations.orders }} as orders
    inner join asked on orders.offer_code = asked.offer_code
    where
        orders.is_completed
        and orders.order_date > asked.ordered_after
        and orders.order_date <= {{ run_date | day }}

),

refused as (

    select distinct
        asked.list_number,
        contacts.subscriber_id
    from {{ relations.contacts }} as contacts
    inner join asked on contacts.list_name = asked.list_name or contacts.offer_code = asked.offer_code
    where
        contacts.outcome in ('refused', 'do_not_contact')
        and contacts.contact_date > asked.refused_after
        and contacts.contact_date <= {{ run_date | day }}

),

contacted as (

    select
        subscriber_id
        {%- for days in spans %},
        sum(case when contact_date > {{ run_date | day(days) }} then 1 else 0 end) as days_{{ days }}
        {%- endfor %}
    from {{ relations.contacts }}
    where
        direction = 'outbound'
        and contact_date > {{ run_date | day(spans | max) }}
        and contact_date <= {{ run_date | day }}
    group by subscriber_id

),

judged as (

    select
        matched.*,
        {%- if worth %}
        worth.worth_amount as {{ ("order " ~ worth) | quoted(dialect) }},
        {%- endif %}
        case
            when {{ is_closed("closed", channels) }} then 'suppressed'
            when phones.subscriber_id is null then 'no_valid_phone'
            when {{ is_closed("closed_phones", channels) }} then 'phone_suppressed'
            when phones.holder_id <> matched.subscriber_id then 'phone_of_another'
            when ordered.subscriber_id is not null then 'offer_ordered'
            when refused.subscriber_id is not null then 'offer_refused'
            {%- for days in spans %}
            when contacted.days_{{ days }} >= matched.cap_{{ days }} then 'capped'
            {%- endfor %}
        end as reason
    from matched
    left join closed on matched.subscriber_id = closed.subscriber_id
    left join phones on matched.subscriber_id = phones.subscriber_id
    left join closed_phones on phones.phone_key = closed_phones.phone_key
    left join ordered on matched.subscriber_id = ordered.subscriber_id and matched.list_number = ordered.list_number
    left join refused on matched.subscriber_id = refused.subscriber_id and matched.list_number = refused.list_number
    left join contacted on matched.subscriber_id = contacted.subscriber_id
    {%- if worth %}
    left join {{ relations.offer_worth }} as worth
        on matched.subscriber_id = worth.subscriber_id and matched.offer_code = worth.offer_code
    {%- endif %}

)

{# The order of every list in one: a key that is not a list's own is null for all its rows. -#}
select
    list_number,
    subscriber_id,
    reason,
    {%- for column in kept %}
    {{ column }},
    {%- endfor %}
    row_number() over (
        partition by list_number
        order by
            {%- for step in order %}
            case when list_number in ({{ step.numbers | join(", ") }}) then {{ ("order " ~ step.tag) | quoted(dialect) }} end
            {{ "desc" if step.descending else "asc" }} nulls last,
            {%- endfor %}
            subscriber_id
    ) as place
from judged
