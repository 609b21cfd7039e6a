-- Lines that answered as detractors, with the run of bad answers that was their last: open since its first day, repaired by a
-- later better answer.
{% set last_open_day = 'coalesce(cast(repairs.repaired_at as date), ' ~ as_of_date() ~ ')' %}
with

answers as (

    select
        *,
        case when nps_class = 'detractor' then 1 else 0 end as is_bad,
        sum(case when nps_class = 'detractor' then 0 else 1 end) over (
            partition by subscriber_id order by surveyed_at, survey_id
        ) as good_so_far,
        row_number() over (partition by subscriber_id order by surveyed_at desc, survey_id desc) as from_last
    from {{ ref('fct_surveys') }}

),

bad_runs as (

    select
        subscriber_id,
        good_so_far,
        min(surveyed_at) as opened_at,
        min(case when driver_code is not null then from_last end) as from_last_named
    from answers
    where is_bad = 1
    group by subscriber_id, good_so_far

),

last_runs as (

    select *
    from bad_runs
    qualify row_number() over (partition by subscriber_id order by good_so_far desc) = 1

),

repairs as (

    select
        answers.subscriber_id,
        min(answers.surveyed_at) as repaired_at
    from answers
    inner join last_runs
        on answers.subscriber_id = last_runs.subscriber_id
        and answers.good_so_far > last_runs.good_so_far
    group by answers.subscriber_id

)

select
    last_runs.subscriber_id,
    latest.score as last_score,
    named.driver_code,
    lines.manager_id,
    cast({{ dbt.datediff('cast(last_runs.opened_at as date)', last_open_day, 'day') }} as integer) as days_open,
    repairs.repaired_at is not null as is_repaired,
    last_runs.opened_at,
    repairs.repaired_at
from last_runs
inner join answers as latest
    on last_runs.subscriber_id = latest.subscriber_id
    and latest.from_last = 1
-- Of the answers of the run that name a driver the last; none may.
left join answers as named
    on last_runs.subscriber_id = named.subscriber_id
    and last_runs.from_last_named = named.from_last
left join repairs on last_runs.subscriber_id = repairs.subscriber_id
left join {{ ref('dim_subscribers') }} as lines on last_runs.subscriber_id = lines.subscriber_id
