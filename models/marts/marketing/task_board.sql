-- How tasks stand, by manager, county, region and in all: one row each, counted once for all four.
{% set levels = {'all': [], 'region': ['region_code'], 'county': ['region_code', 'county_code'], 'manager': ['manager_id']} %}
{% set as_of = as_of_date() %}
{% set counts = {
    'raised': '1 = 1',
    'raised_today': 'raised_on = ' ~ as_of,
    'open_tasks': 'is_open',
    'at_hand': "is_open and state <> 'waiting'",
    'waiting': "state = 'waiting'",
    'overdue': 'is_open and due_date < ' ~ as_of,
    'appointments_due': 'is_open and is_appointment_due',
    'passed_on': 'is_passed_on',
    'done_today': "ending = 'result' and ended_on = " ~ as_of,
    'done': "ending = 'result'",
    'succeeded': "ending = 'result' and is_success",
    'withdrawn': "ending = 'withdrawn'",
    'expired': "ending = 'expired'",
    'in_time': 'is_in_time',
    'judged': 'is_in_time is not null',
} %}
with

tasks as (

    select
        *,
        appointment_date <= {{ days_before('-(' ~ rule('task_rules', 'appointment_days') ~ ')') }} as is_appointment_due,
        {{ dbt.datediff('raised_on', 'started_on', 'day') }} as response_days
    from {{ ref('tasks') }}

),

counted as (

    {% for level, keys in levels.items() %}
    select
        '{{ level }}' as entity,
        {%- for key in ['region_code', 'county_code', 'manager_id'] %}
        {% if key in keys %}coalesce({{ key }}, 'unknown'){% else %}'all'{% endif %} as {{ key }},
        {%- endfor %}
        {%- for name, condition in counts.items() %}
        cast(sum(case when {{ condition }} then 1 else 0 end) as bigint) as {{ name }},
        {%- endfor %}
        avg(cast(response_days as double)) as response_days,
        sum(case when is_open then priority_amount else 0 end) as open_priority_amount
    from tasks
    {%- if level == 'manager' %}
    where manager_id is not null
    {%- endif %}
    group by 1, 2, 3, 4
    {{ "union all" if not loop.last }}
    {% endfor %}

)

select
    entity,
    region_code,
    county_code,
    manager_id,
    {%- for name in counts if name not in ('in_time', 'judged') %}
    {{ name }},
    {%- endfor %}
    {{ ratio('in_time', 'judged') }} as in_time_share,
    response_days,
    cast(open_priority_amount as decimal(18, 2)) as open_priority_amount
from counted
