-- Enterprise and community groups with the members they have on the business date.
with

members as (

    select
        group_id,
        count(*) as member_count
    from {{ ref('int_subscribers__memberships') }}
    where joined_on <= {{ as_of_date() }}
        and left_on > {{ as_of_date() }}
    group by group_id

)

select
    graded.group_id,
    graded.group_name,
    graded.group_level,
    graded.industry_code,
    graded.region_code,
    graded.manager_id,
    cast(coalesce(members.member_count, 0) as bigint) as member_count
from {{ ref('stg_crm__groups') }} as graded
left join members on graded.group_id = members.group_id
