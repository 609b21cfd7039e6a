-- What became of everybody whom a list took or held back, on the membership frozen at export. Contacts are those that name list
-- and run; orders are completed ones of the offer that the member was to be put. Both arms have the same days from the export in
-- which to order, so that the difference between them is the list's doing; success is asked of those contacted, from then on.
{% set success_days = 'cast(' ~ rule('effect_rules', 'success_days') ~ ' as integer)' %}
{% set save_days = 'cast(' ~ rule('effect_rules', 'save_days') ~ ' as integer)' %}
with

members as (

    select
        *,
        cast({{ dbt.dateadd('day', success_days, 'run_date') }} as date) as last_order_date,
        cast({{ dbt.dateadd('day', save_days, 'run_date') }} as date) as kept_on
    from {{ ref('target_list_members') }}
    where arm in ('treated', 'control')

),

contacts as (

    select
        list_name,
        list_run_date as run_date,
        subscriber_id,
        coalesce(is_connected, false) as is_connected,
        contacted_at,
        cast({{ dbt.dateadd('day', success_days, 'contact_date') }} as date) as last_order_date
    from {{ ref('fct_contacts') }}
    where list_name is not null and list_run_date is not null

),

contacted as (

    select
        list_name,
        run_date,
        subscriber_id,
        bool_or(is_connected) as is_connected,
        count(*) as contacts
    from contacts
    group by list_name, run_date, subscriber_id

),

orders as (

    select * from {{ ref('fct_orders') }}
    where is_completed

),

ordered as (

    select distinct
        members.list_name,
        members.run_date,
        members.subscriber_id
    from members
    inner join orders
        on members.subscriber_id = orders.subscriber_id
        and members.offer_code = orders.offer_code
        and orders.order_date between members.run_date and members.last_order_date

),

succeeded as (

    select distinct
        members.list_name,
        members.run_date,
        members.subscriber_id
    from members
    inner join contacts
        on members.list_name = contacts.list_name
        and members.run_date = contacts.run_date
        and members.subscriber_id = contacts.subscriber_id
    inner join orders
        on members.subscriber_id = orders.subscriber_id
        and members.offer_code = orders.offer_code
        and orders.ordered_at >= contacts.contacted_at
        and orders.order_date <= contacts.last_order_date

)

select
    members.list_name,
    members.run_date,
    members.subscriber_id,
    members.arm,
    members.offer_code,
    members.channel,
    members.manager_id,
    members.value_tier,
    members.region_code,
    coalesce(members.is_at_risk, false) as is_at_risk,
    contacted.subscriber_id is not null as is_contacted,
    coalesce(contacted.is_connected, false) as is_connected,
    coalesce(contacted.contacts, 0) as contacts,
    case when members.offer_code is not null then ordered.subscriber_id is not null end as has_ordered,
    case
        when members.offer_code is null then null
        when members.arm = 'control' then ordered.subscriber_id is not null
        when contacted.subscriber_id is not null then succeeded.subscriber_id is not null
    end as has_succeeded,
    case when members.kept_on <= {{ as_of_date() }} then coalesce(stays.is_on_net, false) end as is_kept,
    members.offer_code is not null and members.last_order_date <= {{ as_of_date() }} as is_order_known,
    cast({{ dbt.dateadd('month', -1, month_of('members.run_date')) }} as date) as features_month
from members
{%- for found in ['contacted', 'ordered', 'succeeded'] %}
left join {{ found }}
    on members.list_name = {{ found }}.list_name
    and members.run_date = {{ found }}.run_date
    and members.subscriber_id = {{ found }}.subscriber_id
{%- endfor %}
left join {{ ref('fct_stays') }} as stays
    on members.subscriber_id = stays.subscriber_id
    and members.kept_on >= stays.from_date
    and members.kept_on < stays.to_date
