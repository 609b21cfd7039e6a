-- What was done about tasks: events that the managers' tool sends, and before the first of these contacts by which the owner
-- reached the line; and the first order of what a list put to it. A contact on the day a task was raised came before it, and a
-- message to many is nobody's work.
with

tasks as (

    select * from {{ ref('tasks_recorded') }}

),

events as (

    select * from {{ ref('fct_task_events') }}

),

first_event as (

    select min(event_date) as event_date from events

),

told as (

    select
        events.event_id,
        events.task_id,
        events.event_at,
        events.event_date,
        events.event_type,
        events.manager_id,
        events.outlet_id,
        events.appointment_date,
        events.result_code,
        'tool' as source
    from events
    inner join tasks on events.task_id = tasks.task_id and events.event_date >= tasks.raised_on

),

contacts as (

    select
        contacts.contact_id as event_id,
        tasks.task_id,
        contacts.contacted_at as event_at,
        contacts.contact_date as event_date,
        'result' as event_type,
        contacts.manager_id,
        {{ text(none) }} as outlet_id,
        cast(null as date) as appointment_date,
        contacts.outcome as result_code,
        'contact' as source
    from tasks
    inner join {{ ref('fct_contacts') }} as contacts
        on tasks.subscriber_id = contacts.subscriber_id
        and contacts.contact_date > tasks.raised_on
        and contacts.contact_date <= tasks.last_day
    left join {{ ref('dim_managers') }} as managers on contacts.manager_id = managers.manager_id
    cross join first_event
    where contacts.is_connected
        and contacts.channel in ('outbound_call', 'store', 'hotline')
        and case
            when tasks.owner_kind = 'manager' then contacts.manager_id = tasks.owner_id
            else managers.manager_id is not null and coalesce(managers.region_code, 'unknown') = tasks.owner_id
        end
        and (first_event.event_date is null or contacts.contact_date < first_event.event_date)
    qualify row_number() over (partition by tasks.task_id order by contacts.contacted_at, contacts.contact_id) = 1

),

orders as (

    select
        taken.order_id as event_id,
        tasks.task_id,
        taken.ordered_at as event_at,
        taken.order_date as event_date,
        'result' as event_type,
        {{ text(none) }} as manager_id,
        {{ text(none) }} as outlet_id,
        cast(null as date) as appointment_date,
        'ordered' as result_code,
        'order' as source
    from tasks
    inner join {{ ref('stg_ledger__task_reasons') }} as reasons on tasks.task_id = reasons.task_id
    inner join {{ ref('list_offers_taken') }} as taken
        on tasks.subscriber_id = taken.subscriber_id
        and reasons.reason = concat('list:', taken.list_name)
        and taken.run_date <= reasons.reason_date
        and taken.order_date > tasks.raised_on
        and taken.order_date <= tasks.last_day
    qualify row_number() over (partition by tasks.task_id order by taken.ordered_at, taken.order_id) = 1

)

select * from told
union all
select * from contacts
union all
select * from orders
