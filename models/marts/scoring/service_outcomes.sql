-- Whether each line on-net at a month's end began a service in the three months after, of each class of which none ran then; null
-- until the three months are complete.
{{ config(materialized='view', access='private', meta={'public': false}) }}
{% set between = class_separator() %}
{% set running = "concat(" ~ between ~ ", coalesce(states.service_classes, ''), " ~ between ~ ")" %}
with

months as (

    select
        month,
        lead(is_complete_month, 3, false) over (order by month) as is_known
    from {{ ref('dim_months') }}

),

classes as (

    select distinct service_class
    from {{ ref('dim_services') }}
    where service_class is not null

),

candidates as (

    select
        states.subscriber_id,
        states.month,
        classes.service_class
    from {{ ref('line_states') }} as states
    cross join classes
    where {{ dbt.position("concat(" ~ between ~ ", classes.service_class, " ~ between ~ ")", running) }} = 0

),

begun as (

    select distinct
        subscriber_id,
        service_class,
        {{ month_of('start_date') }} as start_month
    from {{ ref('fct_service_subscriptions') }}

),

-- The months from whose ends each beginning lies within three months.
taken as (

    {% for months in [1, 2, 3] %}
    select
        subscriber_id,
        service_class,
        cast({{ dbt.dateadd('month', -months, 'start_month') }} as date) as month
    from begun
    {{ "union" if not loop.last }}
    {% endfor %}

)

select
    candidates.subscriber_id,
    candidates.month,
    candidates.service_class,
    case when months.is_known then taken.subscriber_id is not null end as is_taken_up
from candidates
inner join months on candidates.month = months.month
left join taken
    on candidates.subscriber_id = taken.subscriber_id
    and candidates.month = taken.month
    and candidates.service_class = taken.service_class
