-- Membership of lines in groups with the grade and the order in which the one to show is chosen: best level, then role, then
-- id.
with

memberships as (

    select
        members.subscriber_id,
        members.group_id,
        members.member_role,
        coalesce(members.joined_on, cast('0001-01-01' as date)) as joined_on,
        coalesce(members.left_on, {{ open_end() }}) as left_on,
        graded.group_level,
        row_number() over (
            partition by members.subscriber_id
            order by
                graded.group_level nulls last,
                case members.member_role when 'key_person' then 1 when 'contact_person' then 2 else 3 end,
                members.group_id
        ) as show_order
    from {{ ref('stg_crm__group_members') }} as members
    left join {{ ref('stg_crm__groups') }} as graded on members.group_id = graded.group_id

)

select * from memberships
