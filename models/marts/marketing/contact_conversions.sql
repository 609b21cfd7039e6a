-- Contacts whose offer was ordered in time: a completed order of it from the contact to success_days after its day.
{{ config(materialized='view') }}
with

contacts as (

    select
        *,
        cast(
            {{ dbt.dateadd('day', 'cast(' ~ rule('effect_rules', 'success_days') ~ ' as integer)', 'contact_date') }} as date
        ) as last_order_date
    from {{ ref('fct_contacts') }}

)

select distinct contacts.contact_id
from contacts
inner join {{ ref('fct_orders') }} as orders
    on contacts.subscriber_id = orders.subscriber_id
    and contacts.offer_code = orders.offer_code
    and orders.ordered_at >= contacts.contacted_at
    and orders.order_date <= contacts.last_order_date
where orders.is_completed
