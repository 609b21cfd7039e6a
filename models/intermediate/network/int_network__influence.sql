-- Influence of each line that is on-net at the end of the last complete month: in how many such lines' effective circles it
-- stands, each counted once and never itself, with a bonus for key persons of well graded groups.
with

on_net as (

    select subscriber_id
    from {{ ref('int_subscribers__stays') }}
    where is_on_net
        and from_date <= {{ month_end(last_complete_month()) }}
        and (to_date is null or to_date > {{ month_end(last_complete_month()) }})

),

circles as (

    select distinct subscriber_id, peer_subscriber_id
    from {{ ref('int_network__contact_index') }}
    where contact_index >= {{ rule('value_rules', 'effective_circle_index') }}
        and subscriber_id <> peer_subscriber_id

),

standing as (

    select
        circles.peer_subscriber_id as subscriber_id,
        count(*) as circle_count
    from circles
    inner join on_net on circles.subscriber_id = on_net.subscriber_id
    group by circles.peer_subscriber_id

),

key_persons as (

    select distinct subscriber_id
    from {{ ref('int_subscribers__memberships') }}
    where member_role = 'key_person'
        and group_level in ('a', 'b')
        and (joined_on is null or joined_on <= {{ month_end(last_complete_month()) }})
        and (left_on is null or left_on > {{ month_end(last_complete_month()) }})

),

scored as (

    select
        on_net.subscriber_id,
        coalesce(standing.circle_count, 0) as circle_count,
        key_persons.subscriber_id is not null as is_key_person,
        coalesce(standing.circle_count, 0) + case
            when key_persons.subscriber_id is not null then {{ rule('value_rules', 'key_person_bonus') }} else 0
        end as influence_score
    from on_net
    left join standing on on_net.subscriber_id = standing.subscriber_id
    left join key_persons on on_net.subscriber_id = key_persons.subscriber_id

)

select * from scored
