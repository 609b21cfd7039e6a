-- Every task with its reasons, those of the business date included: the nightly job writes these down once they are published. A
-- reason that stands joins the open task of its line and purpose; where there is none it raises one, unless a task that it raised
-- was closed with a result of late.
with

recorded as (

    select * from {{ ref('stg_ledger__task_reasons') }}

),

progress as (

    select
        tasks.*,
        progress.ended_on,
        progress.ending = 'result'
        and progress.ended_on > {{ days_before(rule('task_rules', 'repeat_days')) }} as is_dealt_with
    from {{ ref('tasks_recorded') }} as tasks
    inner join {{ ref('task_progress') }} as progress on tasks.task_id = progress.task_id

),

open_tasks as (

    select * from progress
    where ended_on is null

),

-- What is known of a reason: the open task has it, or one that had it was closed with a result of late.
known as (

    select
        recorded.subscriber_id,
        recorded.purpose,
        recorded.reason,
        bool_or(progress.ended_on is null) as is_on_task,
        coalesce(bool_or(progress.is_dealt_with), false) as is_dealt_with
    from recorded
    inner join progress on recorded.task_id = progress.task_id
    group by recorded.subscriber_id, recorded.purpose, recorded.reason

),

triggers as (

    select
        triggers.*,
        coalesce(known.is_on_task, false) as is_on_task,
        max(case when known.is_dealt_with then 0 else 1 end) over (
            partition by triggers.subscriber_id, triggers.purpose
        ) = 1 as is_any_new
    from {{ ref('task_triggers') }} as triggers
    left join known
        on triggers.subscriber_id = known.subscriber_id
        and triggers.purpose = known.purpose
        and triggers.reason = known.reason

),

new_reasons as (

    select
        coalesce(
            open_tasks.task_id,
            md5(concat(triggers.subscriber_id, '|', triggers.purpose, '|', cast({{ as_of_date() }} as {{ dbt.type_string() }})))
        ) as task_id,
        triggers.subscriber_id,
        triggers.purpose,
        coalesce(open_tasks.raised_on, {{ as_of_date() }}) as raised_on,
        coalesce(
            open_tasks.owner_kind,
            case when coalesce(lines.manager_id, assigned.manager_id) is not null then 'manager' else 'team' end
        ) as owner_kind,
        coalesce(open_tasks.owner_id, lines.manager_id, assigned.manager_id, lines.region_code, 'unknown') as owner_id,
        triggers.reason,
        triggers.risk,
        {{ as_of_date() }} as reason_date,
        triggers.due_date
    from triggers
    inner join {{ ref('dim_subscribers') }} as lines on triggers.subscriber_id = lines.subscriber_id
    left join {{ ref('manager_assignment') }} as assigned on triggers.subscriber_id = assigned.subscriber_id
    left join open_tasks
        on triggers.subscriber_id = open_tasks.subscriber_id
        and triggers.purpose = open_tasks.purpose
    where case when open_tasks.task_id is null then triggers.is_any_new else not triggers.is_on_task end

)
{% for found in ['recorded', 'new_reasons'] %}
select
    task_id,
    subscriber_id,
    purpose,
    raised_on,
    owner_kind,
    owner_id,
    reason,
    risk,
    reason_date,
    due_date
from {{ found }}
{{ "union all" if not loop.last }}
{%- endfor %}
