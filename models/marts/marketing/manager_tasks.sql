-- What managers had to do: alerts of their lines and members of lists. Alerts are known from the changes that builds noted and,
-- on the business date, as they stand; an alert of a line is one task a month, from the first day it is known on. It is done by a
-- contact within task_days, whosever; a list's by one that names it. Lines have the manager of the business date.
{% set task_days = 'cast(' ~ rule('effect_rules', 'task_days') ~ ' as integer)' %}
with

raised as (

    select
        subscriber_id,
        substr(tag_name, 11) as code,
        as_of_date as raised_on
    from {{ ref('tag_changes') }}
    where substr(tag_name, 1, 10) = 'has_alert_' and new_value = 'true'

    union all

    select
        subscriber_id,
        alert_code as code,
        as_of_date as raised_on
    from {{ ref('alerts') }}

),

alert_tasks as (

    select
        {{ month_of('raised.raised_on') }} as month,
        lines.manager_id,
        raised.subscriber_id,
        'alert' as kind,
        raised.code,
        min(raised.raised_on) as raised_on,
        cast({{ dbt.dateadd('day', task_days, 'min(raised.raised_on)') }} as date) as last_day
    from raised
    inner join {{ ref('dim_subscribers') }} as lines on raised.subscriber_id = lines.subscriber_id
    where lines.manager_id is not null
    group by {{ month_of('raised.raised_on') }}, lines.manager_id, raised.subscriber_id, raised.code

),

list_tasks as (

    select
        {{ month_of('run_date') }} as month,
        manager_id,
        subscriber_id,
        'list' as kind,
        list_name as code,
        run_date as raised_on,
        is_contacted as is_done
    from {{ ref('list_member_outcomes') }}
    where arm = 'treated' and manager_id is not null

),

answered as (

    select distinct
        tasks.subscriber_id,
        tasks.code,
        tasks.raised_on
    from alert_tasks as tasks
    inner join {{ ref('fct_contacts') }} as contacts
        on tasks.subscriber_id = contacts.subscriber_id
        and contacts.contact_date >= tasks.raised_on
        and contacts.contact_date <= tasks.last_day
    where contacts.direction = 'outbound'

)

select
    tasks.month,
    tasks.manager_id,
    tasks.subscriber_id,
    tasks.kind,
    tasks.code,
    tasks.raised_on,
    answered.subscriber_id is not null as is_done
from alert_tasks as tasks
left join answered
    on tasks.subscriber_id = answered.subscriber_id
    and tasks.code = answered.code
    and tasks.raised_on = answered.raised_on
union all
select * from list_tasks
