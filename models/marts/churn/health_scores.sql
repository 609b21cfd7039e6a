-- Four health scores of each line on-net at the end of the last complete month, 0 for the worst and 100 for the best: how well
-- its plan fits, how many add-ons it runs, how little it had to complain of, and how many of the operator's own lines it calls.
{{ config(access='private', meta={'public': false}) }}
{% set month = last_complete_month() %}
{% set measures = {
    'tariff_fit': 'health_tariff', 'running_services': 'health_service_use', 'untroubled': 'health_service_quality',
    'circle_lines': 'health_call_circle',
} %}
with

lines as (

    select * from {{ ref('fct_subscriber_months') }}
    where month = {{ month }} and is_on_net_end

),

services as (

    select * from {{ ref('int_revenue__services_running') }}
    where month = {{ month }}

),

troubles as (

    select
        subscriber_id,
        count(*) as trouble_count
    from (
        select subscriber_id, opened_at as told_at from {{ ref('fct_complaints') }}
        union all
        select subscriber_id, surveyed_at as told_at from {{ ref('fct_surveys') }}
        where nps_class = 'detractor'
    ) as told
    where cast(told_at as date) between {{ first_month_of_last(6) }} and {{ month_end(month) }}
    group by subscriber_id

),

circles as (

    select
        circles.subscriber_id,
        count(*) as circle_lines
    from {{ ref('int_network__effective_circles') }} as circles
    inner join lines on circles.peer_subscriber_id = lines.subscriber_id
    where circles.month = {{ month }}
    group by circles.subscriber_id

),

measured as (

    select
        lines.subscriber_id,
        -abs({{ comparable(ratio('lines.outgoing_minutes', 'plans.included_minutes')) }} - 1) as tariff_fit,
        coalesce(services.services_running, 0) as running_services,
        -coalesce(troubles.trouble_count, 0) as untroubled,
        coalesce(circles.circle_lines, 0) as circle_lines
    from lines
    left join {{ ref('dim_plans') }} as plans on lines.plan_code = plans.plan_code
    left join services on lines.subscriber_id = services.subscriber_id
    left join troubles on lines.subscriber_id = troubles.subscriber_id
    left join circles on lines.subscriber_id = circles.subscriber_id

),

-- Twice the mean rank, a whole number: a group of equal lines holds the ranks from rank() on.
ranked as (

    select
        subscriber_id
        {%- for measure in measures %},
        case when {{ measure }} is not null then
            2 * rank() over (partition by {{ measure }} is null order by {{ measure }})
            + count(*) over (partition by {{ measure }})
        end as {{ measure }}_rank
        {%- endfor %}
    from measured

),

bounds as (

    select
        {%- for measure in measures %}
        min({{ measure }}_rank) as {{ measure }}_worst,
        max({{ measure }}_rank) as {{ measure }}_best{{ "," if not loop.last }}
        {%- endfor %}
    from ranked

)

-- Where all are equal, none is worse than another, and all are at the best.
select
    ranked.subscriber_id
    {%- for measure, score in measures.items() %},
    case when ranked.{{ measure }}_rank = bounds.{{ measure }}_best then 100e0
        else {{ ratio('100 * (ranked.' ~ measure ~ '_rank - bounds.' ~ measure ~ '_worst)',
            'bounds.' ~ measure ~ '_best - bounds.' ~ measure ~ '_worst') }}
    end as {{ score }}
    {%- endfor %}
from ranked
cross join bounds
