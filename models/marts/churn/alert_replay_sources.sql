-- The month ends at which alerts are replayed, the last billed ones whose time is over, and what each is made from: a fingerprint
-- of the months of its lines up to it, of who left in the days after, of what was told of lines by then, of plans and of the
-- rules.
{{ config(access='private', meta={'public': false}) }}
{% set days = 'cast(' ~ rule('churn_rules', 'alert_leaver_days') ~ ' as integer)' %}
{# What was told, and of when: in the month, by its end, in the days after it. #}
{% set tables = {'statuses': ref('int_subscribers__status_periods'), 'contracts': ref('fct_contracts')} %}
{% set told = {
    'statuses': ('rows.from_date between months.month and months.last_day', ['subscriber_id', 'from_date', 'status_code']),
    'surveys': ('rows.surveyed_on between months.month and months.last_day', ['survey_id', 'subscriber_id', 'score']),
    'contracts': ('rows.start_date <= months.last_day', ['contract_id', 'subscriber_id', 'end_date']),
    'lines': ('rows.activation_date <= months.last_day', ['subscriber_id', 'birth_month']),
    'leavers': ('rows.from_date > months.last_day and rows.from_date <= months.until_day', ['subscriber_id', 'from_date']),
} %}
with

over_months as (

    select
        held.month,
        held.last_day,
        cast({{ dbt.dateadd('day', days, 'held.last_day') }} as date) as until_day,
        row_number() over (order by held.month desc) as months_ago
    from {{ ref('int_subscribers__months_held') }} as held
    inner join {{ ref('dim_months') }} as months on held.month = months.month
    where months.is_billed and {{ dbt.dateadd('day', days, 'held.last_day') }} <= {{ as_of_date() }}

),

months as (

    select * from over_months
    where months_ago <= {{ rule('churn_rules', 'alert_replay_months') }}

),

surveys as (

    select *, cast(surveyed_at as date) as surveyed_on from {{ ref('fct_surveys') }}

),

lines as (

    select
        registered.subscriber_id,
        registered.activation_date,
        customers.birth_month
    from {{ ref('dim_subscribers') }} as registered
    left join {{ ref('dim_customers') }} as customers on registered.customer_id = customers.customer_id

),

leavers as (

    select * from {{ ref('fct_stays') }}
    where not is_on_net

),

described as (

    -- Of lines without use in the month earlier months tell when they were last used.
    select
        months.month,
        concat(before.month, ' ', before.source_fingerprint) as description
    from months
    inner join {{ ref('fct_month_hashes') }} as before on months.month >= before.month

    union all

    select
        months.month,
        {{ fingerprint_of(['averages.source_fingerprint', 'worth.source_fingerprint']) }} as description
    from months
    left join {{ ref('fct_average_sources') }} as averages on months.month = averages.month
    left join {{ ref('fct_value_sources') }} as worth on months.month = worth.month

    {%- for rows, (condition, columns) in told.items() %}

    union all

    select
        months.month,
        concat('{{ rows }} ', {{ set_hash(columns) }}) as description
    from months
    inner join {{ tables[rows] or rows }} as rows on {{ condition }}
    group by months.month
    {%- endfor %}

),

plans as (

    select {{ set_hash(['plan_code', 'included_minutes', 'included_mb']) }} as plans_hash from {{ ref('dim_plans') }}

)

select
    months.month,
    months.last_day,
    months.until_day,
    md5(concat(
        {{ dbt.listagg('described.description', "'; '", 'order by described.description') }}, ' ', max(plans.plans_hash), ' ',
        {{ seed_text('churn_rules', ['rule', 'value']) }}
    )) as source_fingerprint
from months
inner join described on months.month = described.month
cross join plans
group by months.month, months.last_day, months.until_day
