-- How managers did month by month: the lines they hold (managers of the business date), tasks, calls, what was ordered, who left,
-- and points by the weights of manager_points. A month that is not over yet is left out, as is a manager with nothing in a month.
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
        month,
        manager_id,
        sum(case when kind = 'alert' then 1 else 0 end) as alert_tasks,
        sum(case when kind = 'list' then 1 else 0 end) as list_tasks,
        count(*) as tasks,
        sum(case when is_done then 1 else 0 end) as done
    from {{ ref('manager_tasks') }}
    where month <= {{ last_complete_month() }}
    group by month, manager_id

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

-- Alerts are kept for some days, and were not known before the first build.
known as (

    select greatest(min(as_of_date), {{ days_before(rule('tag_rules', 'changes_days')) }}) as alerts_since
    from {{ ref('tag_coverage') }}

),

held as (

    select min(month) as lines_since from {{ ref('fct_subscriber_months') }}

),

keys as (

    {% for part in ['lines', 'tasks', 'calls'] %}
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
            'lines': ['subscribers_held', 'held_at_opening', 'retained'], 'tasks': ['alert_tasks', 'list_tasks', 'tasks', 'done'],
            'calls': ['contacts', 'connected', 'succeeded']
        }.items() %}{% for column in columns %}
        cast(coalesce({{ part }}.{{ column }}, 0) as bigint) as {{ column }},
        {%- endfor %}{% endfor %}
        keys.month >= known.alerts_since as has_alerts,
        keys.month >= held.lines_since as has_lines
    from keys
    cross join known
    cross join held
    {%- for part in ['lines', 'tasks', 'calls'] %}
    left join {{ part }}
        on keys.month = {{ part }}.month
        and keys.manager_id = {{ part }}.manager_id
    {%- endfor %}

)

select
    month,
    manager_id,
    case when has_lines then subscribers_held end as subscribers_held,
    case when has_alerts then alert_tasks end as alert_tasks,
    list_tasks,
    tasks,
    done,
    contacts,
    connected,
    {{ ratio('connected', 'contacts') }} as connection_rate,
    succeeded,
    {{ ratio('succeeded', 'contacts') }} as success_rate,
    {{ ratio('retained', 'held_at_opening') }} as retention_rate,
    cast({{ rounded(
        'done * ' ~ rule('manager_points', 'task_done')
        ~ ' + connected * ' ~ rule('manager_points', 'contact_connected')
        ~ ' + succeeded * ' ~ rule('manager_points', 'contact_succeeded')
        ~ ' + (held_at_opening - retained) * ' ~ rule('manager_points', 'line_lost'), 2
    ) }} as decimal(18, 2)) as points
from counted
