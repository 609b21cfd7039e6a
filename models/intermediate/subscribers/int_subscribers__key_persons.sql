-- Key persons of well graded groups at each month's end.
select distinct
    months.month,
    memberships.subscriber_id
from {{ ref('int_subscribers__memberships') }} as memberships
inner join {{ ref('int_subscribers__months_held') }} as months
    on memberships.joined_on <= months.last_day
    and memberships.left_on > months.last_day
where memberships.member_role = 'key_person'
    and memberships.group_level in ('a', 'b')
