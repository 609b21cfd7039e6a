-- What each month's tables of value are made from: a fingerprint of its scores and those of the month before, of the deliveries
-- of its charges, of the incomes of its customers, of the points of the year before, of the add-on services that ran, and of the
-- rules.
{{ config(access='private', meta={'public': false}) }}
with

windows as (

    select
        month,
        extract(year from {{ dbt.dateadd('month', 1, 'month') }}) - 1 as points_year
    from {{ ref('int_subscribers__months_held') }}
    where is_complete_month

),

incomes as (

    select
        scored.month,
        {{ set_hash(['scored.subscriber_id', 'customers.annual_income']) }} as incomes_hash
    from {{ ref('fct_value_months') }} as scored
    inner join {{ ref('int_subscribers__customers_counted') }} as customers on scored.customer_id = customers.customer_id
    where customers.annual_income is not null
    group by scored.month

),

services as (

    select
        month,
        {{ set_hash(['subscriber_id', 'services_running']) }} as services_hash
    from {{ ref('int_revenue__services_running') }}
    group by month

),

scores as (

    select
        month,
        source_fingerprint,
        lag(source_fingerprint) over (order by month) as fingerprint_before
    from {{ ref('fct_value_sources') }}

),

points as (

    select
        points_year,
        {{ set_hash(['subscriber_id', 'points_earned']) }} as points_hash
    from {{ ref('fct_loyalty_points') }}
    group by points_year

)

select
    scores.month,
    {{ fingerprint_of([
        'scores.source_fingerprint', 'scores.fingerprint_before', 'facts.source_fingerprint', 'incomes.incomes_hash',
        'points.points_hash', 'services.services_hash', seed_text('value_rules', ['rule', 'value']),
        seed_text('vip_levels', ['band', 'lower_bound']), seed_text('activity_grades', ['band', 'lower_bound']),
    ]) }} as source_fingerprint
from scores
inner join {{ ref('fct_month_hashes') }} as facts on scores.month = facts.month
inner join windows on scores.month = windows.month
left join incomes on scores.month = incomes.month
left join services on scores.month = services.month
left join points on windows.points_year = points.points_year
