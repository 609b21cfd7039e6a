-- How often each line was contacted of late, when it was last, and what followed: one row a line that ever was. Only outbound
-- contacts weigh on a line; an offer pushed when it came by can be the last one all the same.
{% set caps = contact_caps() %}
with

contacts as (

    select
        subscriber_id,
        contacted_at,
        contact_date,
        channel,
        direction,
        coalesce(is_connected, false) as is_connected,
        outcome,
        case when direction = 'outbound' then {{ dbt.datediff('contact_date', as_of_date(), 'day') }} end as outbound_days_ago,
        row_number() over (partition by subscriber_id order by contacted_at desc, contact_id desc) as from_last
    from {{ ref('fct_contacts') }}

),

lines as (

    select
        subscriber_id,
        {%- for days in [1, 7, 30] %}
        sum(case when outbound_days_ago < {{ days }} then 1 else 0 end) as outbound_contacts_{{ days }}d,
        {%- endfor %}
        {%- for cap, limit in caps.items() %}
        sum(case when outbound_days_ago < {{ limit.days }} then 1 else 0 end) as {{ cap }}_cap_contacts,
        {%- endfor %}
        max(contacted_at) as last_contacted_at,
        {%- for column in ['contact_date', 'channel', 'direction', 'is_connected', 'outcome'] %}
        max(case when from_last = 1 then {{ column }} end) as {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    from contacts
    group by subscriber_id

),

orders as (

    select
        orders.subscriber_id,
        min(orders.ordered_at) as ordered_at
    from {{ ref('fct_orders') }} as orders
    inner join lines
        on orders.subscriber_id = lines.subscriber_id
        and orders.ordered_at >= lines.last_contacted_at
    group by orders.subscriber_id

),

followed as (

    select
        lines.*,
        {{ dbt.datediff('lines.contact_date', 'cast(orders.ordered_at as date)', 'day') }} as days_to_order
    from lines
    left join orders on lines.subscriber_id = orders.subscriber_id

)

select
    subscriber_id,
    cast(outbound_contacts_1d as bigint) as outbound_contacts_1d,
    cast(outbound_contacts_7d as bigint) as outbound_contacts_7d,
    cast(outbound_contacts_30d as bigint) as outbound_contacts_30d,
    {% for cap, limit in caps.items() -%}
    {{ cap }}_cap_contacts >= {{ limit.contacts }}{{ " or " if not loop.last }}
    {%- endfor %} as is_contact_capped,
    {%- for cap, limit in caps.items() %}
    cast(greatest({{ limit.contacts }} - {{ cap }}_cap_contacts, 0) as bigint) as {{ cap }}_cap_room,
    {%- endfor %}
    contact_date as last_contact_date,
    channel as last_contact_channel,
    direction as last_contact_direction,
    is_connected as is_last_contact_connected,
    outcome as last_contact_outcome,
    cast(days_to_order as integer) as days_to_order,
    case
        when days_to_order <= {{ rule('contact_rules', 'signed_days') }} then 'signed'
        when outcome in ('refused', 'do_not_contact') then 'cold'
        when outcome in ('interested', 'considering', 'accepted') then 'warm'
        when not is_connected then 'unreached'
        else 'informed'
    end as follow_up_class
from followed
