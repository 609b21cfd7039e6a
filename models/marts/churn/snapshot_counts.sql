-- The members of each cohort counted once, for retention and the scorecard.
{{ config(access='protected', meta={'public': false}) }}
select
    cohort_month,
    month,
    region_code,
    county_code,
    manager_id,
    is_snapshot,
    count(*) as members,
    cast(sum(case when is_lost then 1 else 0 end) as bigint) as lost
from {{ ref('snapshot_members') }}
group by cohort_month, month, region_code, county_code, manager_id, is_snapshot
