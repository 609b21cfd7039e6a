-- What detractors name as their main reason, by month, beside the promoters who name the same.
with

named as (

    select
        {{ month_of('surveyed_at') }} as month,
        driver_code,
        sum(case when nps_class = 'detractor' then 1 else 0 end) as detractors,
        sum(case when nps_class = 'promoter' then 1 else 0 end) as promoters
    from {{ ref('fct_surveys') }}
    where driver_code is not null
    group by 1, 2

)

select
    month,
    driver_code,
    cast(detractors as bigint) as detractors,
    cast(promoters as bigint) as promoters,
    cast(detractors / nullif(sum(detractors) over (partition by month), 0) as double) as share,
    cast(row_number() over (partition by month order by detractors desc, driver_code asc) as integer) as rank
from named
