-- How managers did month by month: the lines they hold (managers of the business date), tasks, calls, what was ordered, who left,
-- and points by the weights of manager_points: of contacts none, so that a message to many moves none. A month that is not over
-- yet is left out, as is a manager with nothing in a month.
with

lines as (

    select
        months.month,
        lines.manager_id,
        sum(case when months.is_on_net_end then 1 else 0 end) as subscribers_held,
        sum(case when months.is_on_net_opening then 1 else 0 end) as held_at_opening,
        sum(case when months.is_on_net_opening and months.is_on_net_end then 1 else 0 end) as retained
    from {{ ref('fct_subscriber_months') }} as months
    inner join {{ ref('dim_subscribers') }} as lines on months.subscriber_id = lines.subscriber_id
    where months.is_complete_month and not months.is_after_churn and lines.manager_id is not null
    group by months.month, lines.manager_id

),

tasks as (

    select
        {{ month_of('raised_on') }} as month,
        manager_id,
        sum(case when reasons like '%alert:%' then 1 else 0 end) as alert_tasks,
        sum(case when reasons like '%list:%' then 1 else 0 end) as list_tasks,
        count(*) as tasks
    from {{ ref('tasks') }}
    where manager_id is not null
    group by {{ month_of('raised_on') }}, manager_id

),

closed as (

    select
        {{ month_of('ended_on') }} as month,
        closed_by_manager_id as manager_id,
        count(*) as done,
        sum(case when is_in_time then 1 else 0 end) as done_in_time,
        sum(case when is_success then 1 else 0 end) as done_with_success
    from {{ ref('tasks') }}
    where closed_by_manager_id is not null
    group by {{ month_of('ended_on') }}, closed_by_manager_id

),

calls as (

    select
        {{ month_of('contacts.contact_date') }} as month,
        contacts.manager_id,
        count(*) as contacts,
        sum(case when contacts.is_connected then 1 else 0 end) as connected,
        count(successes.contact_id) as succeeded
    from {{ ref('fct_contacts') }} as contacts
    left join {{ ref('contact_conversions') }} as successes on contacts.contact_id = successes.contact_id
    where contacts.direction = 'outbound' and contacts.manager_id is not null
    group by {{ month_of('contacts.contact_date') }}, contacts.manager_id

),

since as (

    select
        min(month) as lines_since,
        (select {{ month_of('min(raised_on)') }} from {{ ref('tasks') }}) as tasks_since
    from {{ ref('fct_subscriber_months') }}

),

keys as (

    {% for part in ['lines', 'tasks', 'closed', 'calls'] %}
    select month, manager_id from {{ part }}
    where month <= {{ last_complete_month() }}
    {{ "union" if not loop.last }}
    {% endfor %}

),

counted as (

    select
        keys.month,
        keys.manager_id,
        {%- for part, columns in {
            'lines': ['subscribers_held', 'held_at_opening', 'retained'], 'tasks': ['alert_tasks', 'list_tasks', 'tasks'],
            'closed': ['done', 'done_in_time', 'done_with_success'],
            'calls': ['contacts', 'connected', 'succeeded']
        }.items() %}{% for column in columns %}
        cast(coalesce({{ part }}.{{ column }}, 0) as bigint) as {{ column }},
        {%- endfor %}{% endfor %}
        coalesce(keys.month >= since.tasks_since, false) as has_tasks,
        keys.month >= since.lines_since as has_lines
    from keys
    cross join since
    {%- for part in ['lines', 'tasks', 'closed', 'calls'] %}
    left join {{ part }}
        on keys.month = {{ part }}.month
        and keys.manager_id = {{ part }}.manager_id
    {%- endfor %}

)

select
    month,
    manager_id,
    case when has_lines then subscribers_held end as subscribers_held,
    {%- for column in ['alert_tasks', 'list_tasks', 'tasks', 'done', 'done_in_time', 'done_with_success'] %}
    case when has_tasks then {{ column }} end as {{ column }},
    {%- endfor %}
    contacts,
    connected,
    {{ ratio('connected', 'contacts') }} as connection_rate,
    succeeded,
    {{ ratio('succeeded', 'contacts') }} as success_rate,
    {{ ratio('retained', 'held_at_opening') }} as retention_rate,
    cast({{ rounded(
        'done * ' ~ rule('manager_points', 'task_closed')
        ~ ' + done_in_time * ' ~ rule('manager_points', 'task_in_time')
        ~ ' + done_with_success * ' ~ rule('manager_points', 'task_succeeded')
        ~ ' + (held_at_opening - retained) * ' ~ rule('manager_points', 'line_lost'), 2
    ) }} as decimal(18, 2)) as points
from counted
