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
        {{ nps_counts() }}
    from answers
    group by grouping sets ((month, touchpoint_code), (month))

)

select
    month,
    touchpoint_code,
    is_touchpoint_total,
    {{ nps_columns() }}
from counted
