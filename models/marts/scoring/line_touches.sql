-- What passed between each line and the operator up to each month's end: complaints and answers to surveys of six months,
-- contacts of three.
{{ config(materialized='view', access='private', meta={'public': false}) }}
with

months as (

    select month from {{ ref('int_subscribers__months_held') }}
    where is_complete_month

),

events as (

    select
        subscriber_id,
        {{ month_of('opened_at') }} as event_month,
        1 as complaints,
        0 as detractor_answers,
        cast(null as bigint) as score,
        0 as contacts,
        0 as refusals,
        0 as calls_in
    from {{ ref('fct_complaints') }}

    union all

    select
        subscriber_id,
        {{ month_of('surveyed_at') }} as event_month,
        0 as complaints,
        case when nps_class = 'detractor' then 1 else 0 end as detractor_answers,
        score,
        0 as contacts,
        0 as refusals,
        0 as calls_in
    from {{ ref('fct_surveys') }}

    union all

    select
        subscriber_id,
        {{ month_of('contact_date') }} as event_month,
        0 as complaints,
        0 as detractor_answers,
        null as score,
        case when direction = 'outbound' then 1 else 0 end as contacts,
        case when outcome in ('refused', 'do_not_contact') then 1 else 0 end as refusals,
        case when direction = 'inbound' then 1 else 0 end as calls_in
    from {{ ref('fct_contacts') }}

),

by_month as (

    select
        subscriber_id,
        event_month,
        sum(complaints) as complaints,
        sum(detractor_answers) as detractor_answers,
        min(score) as lowest_score,
        sum(contacts) as contacts,
        sum(refusals) as refusals,
        sum(calls_in) as calls_in
    from events
    group by subscriber_id, event_month

)

select
    months.month,
    told.subscriber_id,
    cast(sum(told.complaints) as bigint) as complaints,
    cast(sum(told.detractor_answers) as bigint) as detractor_answers,
    min(told.lowest_score) as lowest_score,
    {%- for count in ['contacts', 'refusals', 'calls_in'] %}
    cast(sum(
        case when told.event_month >= {{ dbt.dateadd('month', -2, 'months.month') }} then told.{{ count }} else 0 end
    ) as bigint) as {{ count }}{{ "," if not loop.last }}
    {%- endfor %}
from months
inner join by_month as told
    on months.month >= told.event_month
    and cast({{ dbt.dateadd('month', -5, 'months.month') }} as date) <= told.event_month
group by months.month, told.subscriber_id
