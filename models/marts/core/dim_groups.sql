-- Enterprise and community groups.
select
    group_id,
    group_name,
    group_level,
    industry_code,
    region_code,
    manager_id,
    cast(member_count as bigint) as member_count
from {{ ref('int_subscribers__groups_counted') }}
