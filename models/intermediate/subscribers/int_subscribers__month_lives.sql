-- How lines lived in each month, as one figure: everything that int_subscribers__months goes by beside bills. Each row counts
-- from the first month that it bears on, until the first that it no longer does. Final bills still ask for the life of a line
-- that has left, so that it left counts for good.
{% set closed_on = 'nullif(to_date, ' ~ open_end() ~ ')' %}
{# By kind: where it is told, what tells it apart, the month from which it counts, the month from which it no longer does. #}
{% set kinds = {
    'activated': ('int_subscribers__present_state', ['subscriber_id', 'activation_date'], month_of('activation_date'), none),
    'left': ('int_subscribers__present_state', ['subscriber_id', 'churn_date'],
        month_of(dbt.dateadd('month', 1, 'churn_date')), none),
    'stay': ('int_subscribers__stays', ['subscriber_id', 'from_date', 'is_on_net'], month_of('from_date'),
        month_of(dbt.dateadd('month', 1, closed_on))),
    'plan': ('int_subscribers__plan_periods', ['subscriber_id', 'plan_code'], month_of('start_date'), month_of('next_start_date')),
} %}
with

-- A row enters the figure of every month from one on, and once more from another on, which takes it out. So each is read once,
-- not once a month.
turns as (

    {% for kind, (model, columns, first_month, until_month) in kinds.items() %}
    {%- for month in [first_month, until_month] if month %}
    select {{ month }} as month, {{ set_hash(["'" ~ kind ~ "'"] + columns) }} as rows_hash
    from {{ ref(model) }}
    group by {{ month }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
    {{ "union all" if not loop.last }}
    {% endfor %}

)

select
    months.month,
    bit_xor(turns.rows_hash) as rows_hash
from {{ ref('int_subscribers__months_held') }} as months
inner join turns on months.month >= turns.month
group by months.month
