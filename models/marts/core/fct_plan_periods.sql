-- The primary plans that a line has been on by the business date. A plan taken again while it runs, such as one renewed for a
-- year, is one period.
with

begun as (

    select * from {{ ref('int_subscribers__plan_periods') }}
    where start_date <= {{ as_of_date() }}

),

changes as (

    select *
    from begun
    qualify plan_code is distinct from lag(plan_code) over (partition by subscriber_id order by start_date)

),

periods as (

    select
        subscriber_id,
        start_date,
        lead(start_date) over (partition by subscriber_id order by start_date) as next_start_date,
        plan_code
    from changes

)

select
    subscriber_id,
    start_date,
    cast({{ dbt.dateadd('day', -1, 'next_start_date') }} as date) as end_date,
    plan_code,
    next_start_date is null as is_present
from periods
