-- How each channel did month by month: contacts by their own month, outbound and inbound, and orders by theirs. A month that is
-- not over yet is left out.
with

contacts as (

    select
        {{ month_of('contacts.contact_date') }} as month,
        contacts.channel,
        count(*) as contacts,
        sum(case when contacts.direction = 'outbound' then 1 else 0 end) as outbound_contacts,
        sum(case when contacts.is_connected then 1 else 0 end) as connected,
        count(successes.contact_id) as succeeded,
        sum(case when contacts.outcome in ('refused', 'do_not_contact') then 1 else 0 end) as refusals
    from {{ ref('fct_contacts') }} as contacts
    left join {{ ref('contact_conversions') }} as successes on contacts.contact_id = successes.contact_id
    group by {{ month_of('contacts.contact_date') }}, contacts.channel

),

orders as (

    select
        {{ month_of('order_date') }} as month,
        channel,
        count(*) as orders
    from {{ ref('fct_orders') }}
    where is_completed
    group by {{ month_of('order_date') }}, channel

),

keys as (

    select
        month,
        channel
    from contacts
    union
    select
        month,
        channel
    from orders

)

select
    keys.month,
    keys.channel,
    coalesce(contacts.contacts, 0) as contacts,
    cast(coalesce(contacts.outbound_contacts, 0) as bigint) as outbound_contacts,
    cast(coalesce(contacts.connected, 0) as bigint) as connected,
    {{ ratio('contacts.connected', 'contacts.contacts') }} as connection_rate,
    coalesce(contacts.succeeded, 0) as succeeded,
    {{ ratio('contacts.succeeded', 'contacts.contacts') }} as success_rate,
    coalesce(orders.orders, 0) as orders,
    cast(coalesce(contacts.refusals, 0) as bigint) as refusals
from keys
left join contacts on keys.month = contacts.month and keys.channel = contacts.channel
left join orders on keys.month = orders.month and keys.channel = orders.channel
where keys.month <= {{ last_complete_month() }}
