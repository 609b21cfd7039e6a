-- How far each task of nights before has come: who has it, what was done, and how it ended. A result ends it where it closes the
-- task by its last day, a contact and an order always do; else a line that left or that must not be called any more, else the
-- last day. An order is the customer's doing: it counts for the owner only where something was done before it.
with

tasks as (

    select * from {{ ref('tasks_recorded') }}

),

events as (

    select
        events.*,
        tasks.last_day,
        coalesce(results.is_success, 0) = 1 as is_success,
        case
            when events.event_type <> 'result' then 'in_progress'
            when events.source in ('contact', 'order') then 'closed'
            else coalesce(results.state, 'in_progress')
        end as state,
        row_number() over (partition by events.task_id order by events.event_at, events.source, events.event_id) as place
    from {{ ref('task_events') }} as events
    inner join tasks on events.task_id = tasks.task_id
    left join {{ ref('task_results') }} as results on events.result_code = results.result_code

),

closed as (

    select
        task_id,
        min(place) as place
    from events
    where state = 'closed' and event_date <= last_day
    group by task_id

),

-- Of a task that is closed, what came after that counts no more.
counted as (

    select
        events.*,
        closed.task_id is not null as is_closed,
        case
            when events.event_type in ('assigned', 'passed_on') and coalesce(events.outlet_id, events.manager_id) is not null
                then events.place
        end as owner_place,
        case
            when events.event_type in ('appointment', 'worked', 'result') and events.source <> 'order' then events.place
        end as work_place,
        case when events.event_type = 'result' then events.place end as result_place,
        case when events.appointment_date is not null then events.place end as appointment_place
    from events
    left join closed on events.task_id = closed.task_id
    where events.event_date <= events.last_day
        and (closed.place is null or events.place <= closed.place)

),

lasts as (

    select
        *,
        {%- for kind in ['owner', 'work', 'result', 'appointment'] %}
        coalesce({{ kind }}_place = max({{ kind }}_place) over (partition by task_id), false) as is_last_{{ kind }},
        {%- endfor %}
        coalesce(work_place = min(work_place) over (partition by task_id), false) as is_first_work
    from counted

),

done as (

    select
        task_id,
        bool_or(event_type = 'passed_on') as is_passed_on,
        min(case when is_first_work then event_date end) as started_on,
        max(case when is_last_appointment then appointment_date end) as appointment_date,
        max(case when is_last_owner then outlet_id end) as outlet_id,
        max(case when is_last_owner and outlet_id is null then manager_id end) as manager_id,
        max(case when is_last_work then state end) as state,
        max(case when is_last_result then result_code end) as result_code,
        coalesce(bool_or(is_last_result and is_success), false) as is_success,
        max(case when is_closed and is_last_result then event_date end) as closed_on,
        max(case when is_closed and is_last_result then manager_id end) as closed_by
    from lasts
    group by task_id

)

select
    tasks.task_id,
    tasks.subscriber_id,
    tasks.purpose,
    tasks.raised_on,
    case
        when done.outlet_id is not null then 'outlet'
        when done.manager_id is not null then 'manager'
        else tasks.owner_kind
    end as owner_kind,
    coalesce(done.outlet_id, done.manager_id, tasks.owner_id) as owner_id,
    coalesce(done.is_passed_on, false) as is_passed_on,
    done.task_id is not null as has_events,
    done.started_on,
    done.appointment_date,
    done.state,
    done.result_code,
    coalesce(done.is_success, false) as is_success,
    case
        when done.closed_on is not null then 'result'
        when tasks.withdrawn_on is not null then 'withdrawn'
        when tasks.last_day < {{ as_of_date() }} then 'expired'
    end as ending,
    case
        when done.closed_on is not null then done.closed_on
        when tasks.withdrawn_on is not null then tasks.withdrawn_on
        when tasks.last_day < {{ as_of_date() }} then cast({{ dbt.dateadd('day', 1, 'tasks.last_day') }} as date)
    end as ended_on,
    case
        when done.closed_on is not null and done.started_on is not null then coalesce(
            done.closed_by,
            done.manager_id,
            case when done.outlet_id is null and tasks.owner_kind = 'manager' then tasks.owner_id end
        )
    end as closed_by_manager_id
from tasks
left join done on tasks.task_id = done.task_id
