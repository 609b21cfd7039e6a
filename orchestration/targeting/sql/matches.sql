{# Everyone whom a list matches, one row a list and subscriber, why it is left out, and its place in the order.
   All tags are scanned once, whatever the number of lists. #}
{% from "macros/lines.sql" import lines_ctes %}
{% from "macros/open_offers.sql" import open_offers_cte %}
{% from "macros/reach.sql" import is_closed, reach_ctes %}
with

asked as (

    {%- for list in lists %}
    select
        {{ list.number }} as list_number,
        {{ list.channel | text(dialect) }} as channel,
        {{ list.name | text(dialect) }} as list_name,
        {{ list.offer | text(dialect) }} as own_offer,
        {{ "true" if list.takes_best else "false" }} as takes_best
        {%- for days, contacts in list.caps %},
        {{ contacts }} as cap_{{ days }}
        {%- endfor %}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

{{ lines_ctes(relations, months, changes, days, as_of, dialect) }},

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

{% if puts_offers -%}
{{ open_offers_cte(relations, run_date) }},

ordered as (

    select distinct
        subscriber_id,
        offer_code
    from {{ relations.orders }}
    where is_completed

),

{% endif -%}
offered as (

    select
        matched.*,
        {%- if puts_offers %}
        case when matched.takes_best then best_offers.offer_code else matched.own_offer end as offer_code
    from matched
    left join open_offers as best_offers
        on matched.subscriber_id = best_offers.subscriber_id and best_offers.place = 1
        {%- else %}
        matched.own_offer as offer_code
    from matched
        {%- endif %}

),

{{ reach_ctes(relations, channels, run_date) }},

refusals as (

    select
        subscriber_id,
        list_name,
        offer_code
    from {{ relations.contacts }}
    where
        outcome in ('refused', 'do_not_contact')
        and contact_date > {{ refused_after | day }}
        and contact_date <= {{ run_date | day }}

),

refused_lists as (

    select distinct
        subscriber_id,
        list_name
    from refusals

),

refused_offers as (

    select distinct
        subscriber_id,
        offer_code
    from refusals

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
        offered.*,
        {%- if worth %}
        open_offers.worth_amount as {{ ("order " ~ worth) | quoted(dialect) }},
        {%- endif %}
        case
            when {{ is_closed("closed", channels) }} then 'suppressed'
            when phones.subscriber_id is null then 'no_valid_phone'
            when {{ is_closed("closed_phones", channels) }} then 'phone_suppressed'
            when phones.holder_id <> offered.subscriber_id then 'phone_of_another'
            {%- if puts_offers %}
            when ordered.subscriber_id is not null then 'already_ordered'
            when
                (offered.takes_best or offered.own_offer is not null) and open_offers.subscriber_id is null
                then 'not_eligible'
            {%- endif %}
            when
                refused_lists.subscriber_id is not null or refused_offers.subscriber_id is not null
                then 'offer_refused'
            {%- for days in spans %}
            when contacted.days_{{ days }} >= offered.cap_{{ days }} then 'capped'
            {%- endfor %}
        end as reason
    from offered
    left join closed on offered.subscriber_id = closed.subscriber_id
    left join phones on offered.subscriber_id = phones.subscriber_id
    left join closed_phones on phones.phone_key = closed_phones.phone_key
    {%- if puts_offers %}
    left join ordered on offered.subscriber_id = ordered.subscriber_id and offered.offer_code = ordered.offer_code
    left join open_offers
        on offered.subscriber_id = open_offers.subscriber_id and offered.offer_code = open_offers.offer_code
    {%- endif %}
    left join refused_lists
        on offered.subscriber_id = refused_lists.subscriber_id and offered.list_name = refused_lists.list_name
    left join refused_offers
        on offered.subscriber_id = refused_offers.subscriber_id and offered.offer_code = refused_offers.offer_code
    left join contacted on offered.subscriber_id = contacted.subscriber_id

)

{# The order of every list in one: a key that is not a list's own is null for all its rows. -#}
select
    list_number,
    subscriber_id,
    offer_code,
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
