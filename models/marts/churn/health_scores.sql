-- Four health scores of each line on-net at the end of the last complete month: percent ranks of how well its plan fits, how
-- many add-ons it runs, how little it had to complain of, and how many of the operator's own lines it calls.
{{ config(access='private', meta={'public': false}) }}
{% set month = last_complete_month() %}
with

lines as (

    select * from {{ ref('fct_subscriber_months') }}
    where month = {{ month }} and is_on_net_end

),

services as (

    select
        subscriber_id,
        count(distinct service_code) as running_services
    from {{ ref('int_revenue__service_periods') }}
    where start_date <= {{ month_end(month) }} and (end_date is null or end_date >= {{ month_end(month) }})
    group by subscriber_id

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
        coalesce(services.running_services, 0) as running_services,
        -coalesce(troubles.trouble_count, 0) as untroubled,
        coalesce(circles.circle_lines, 0) as circle_lines
    from lines
    left join {{ ref('dim_plans') }} as plans on lines.plan_code = plans.plan_code
    left join services on lines.subscriber_id = services.subscriber_id
    left join troubles on lines.subscriber_id = troubles.subscriber_id
    left join circles on lines.subscriber_id = circles.subscriber_id

)

select
    subscriber_id,
    case when tariff_fit is not null
        then 100 * percent_rank() over (partition by tariff_fit is null order by tariff_fit)
    end as health_tariff,
    100 * percent_rank() over (order by running_services) as health_service_use,
    100 * percent_rank() over (order by untroubled) as health_service_quality,
    100 * percent_rank() over (order by circle_lines) as health_call_circle
from measured
