-- Complaints by the month in which they were opened and by category: how many were closed by the business date, how long that
-- took, and how many repeated an earlier one.
select
    {{ month_of('opened_at') }} as month,
    coalesce(category_code, 'unknown') as category_code,
    cast(count(*) as bigint) as opened,
    cast(count(closed_at) as bigint) as closed,
    cast(percentile_cont(0.5) within group (order by cast(days_to_close as double)) as double) as median_days_to_close,
    cast(sum(case when is_repeat then 1 else 0 end) / count(*) as double) as repeat_share
from {{ ref('fct_complaints') }}
group by 1, 2
