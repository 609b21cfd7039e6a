with

counted as (

    select * from {{ ref('snapshot_counts') }}

),

totals as (

    select
        cohort_month,
        month,
        coalesce(region_code, 'all') as region_code,
        coalesce(manager_id, 'all') as manager_id,
        region_code is null as is_region_total,
        manager_id is null as is_manager_total,
        sum(members) as cohort_subscribers,
        sum(lost) as lost
    from counted
    group by grouping sets ((cohort_month, month), (cohort_month, month, region_code), (cohort_month, month, manager_id))

)

select
    cohort_month,
    month,
    region_code,
    manager_id,
    is_region_total,
    is_manager_total,
    cast(cohort_subscribers as bigint) as cohort_subscribers,
    cast(lost as bigint) as lost,
    cast(1 - lost / cohort_subscribers as double) as retention_rate
from totals
