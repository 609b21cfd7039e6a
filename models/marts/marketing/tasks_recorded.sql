-- Tasks that nights before the business date raised, one row each, with the last day on which each can still be open.
{{ config(materialized='view') }}
{% set expire_days = 'cast(' ~ rule('task_rules', 'expire_days') ~ ' as integer)' %}
with

tasks as (

    select
        task_id,
        subscriber_id,
        purpose,
        raised_on,
        owner_kind,
        owner_id,
        min(due_date) as due_date
    from {{ ref('stg_ledger__task_reasons') }}
    group by task_id, subscriber_id, purpose, raised_on, owner_kind, owner_id

),

-- A correction may open a task again that another has followed: that one ends it.
followed as (

    select
        *,
        cast({{ dbt.dateadd('day', expire_days, 'due_date') }} as date) as expires_on,
        lead(raised_on) over (partition by subscriber_id, purpose order by raised_on) as next_raised_on
    from tasks

),

lasting as (

    select
        *,
        least(expires_on, coalesce(next_raised_on, expires_on)) as last_day
    from followed

),

closures as (

    select
        tasks.task_id,
        greatest(tasks.raised_on, closures.closed_from) as withdrawn_on
    from lasting as tasks
    inner join {{ ref('fct_call_closures') }} as closures
        on tasks.subscriber_id = closures.subscriber_id
        and closures.closed_to >= tasks.raised_on
        and closures.closed_from <= least(tasks.last_day, {{ as_of_date() }})
    union all
    select
        tasks.task_id,
        stays.from_date as withdrawn_on
    from lasting as tasks
    inner join {{ ref('fct_stays') }} as stays
        on tasks.subscriber_id = stays.subscriber_id
        and stays.from_date > tasks.raised_on
        and stays.from_date <= least(tasks.last_day, {{ as_of_date() }})
    where not stays.is_on_net

),

withdrawn as (

    select
        task_id,
        min(withdrawn_on) as withdrawn_on
    from closures
    group by task_id

)

select
    tasks.task_id,
    tasks.subscriber_id,
    tasks.purpose,
    tasks.raised_on,
    tasks.owner_kind,
    tasks.owner_id,
    tasks.due_date,
    tasks.last_day,
    withdrawn.withdrawn_on
from lasting as tasks
left join withdrawn on tasks.task_id = withdrawn.task_id
