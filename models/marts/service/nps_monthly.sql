-- Net promoter score by month and touchpoint, and over all of them; the running month included.
with

answers as (

    select
        {{ month_of('surveyed_at') }} as month,
        coalesce(touchpoint_code, 'unknown') as touchpoint_code,
        nps_class
    from {{ ref('fct_surveys') }}

),

counted as (

    select
        month,
        coalesce(touchpoint_code, 'all') as touchpoint_code,
        touchpoint_code is null as is_touchpoint_total,
        count(*) as responses,
        sum(case when nps_class = 'promoter' then 1 else 0 end) as promoters,
        sum(case when nps_class = 'passive' then 1 else 0 end) as passives,
        sum(case when nps_class = 'detractor' then 1 else 0 end) as detractors
    from answers
    group by grouping sets ((month, touchpoint_code), (month))

)

select
    month,
    touchpoint_code,
    is_touchpoint_total,
    cast(responses as bigint) as responses,
    cast(promoters as bigint) as promoters,
    cast(passives as bigint) as passives,
    cast(detractors as bigint) as detractors,
    cast(100 * (promoters - detractors) / responses as double) as nps
from counted
