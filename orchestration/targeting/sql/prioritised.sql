{# Who of several lists gets a line. One that another list has on this run date already is lost to it, whatever the priority. #}
create or replace temp table prioritised as
with

included as (

    select
        named.list_number,
        earlier.subscriber_id
    from named
    inner join earlier on named.other = earlier.list_name
    where named.is_included

),

excluded as (

    select
        named.list_number,
        earlier.subscriber_id
    from named
    inner join earlier on named.other = earlier.list_name
    where not named.is_included
    union
    select
        named.list_number,
        matches.subscriber_id
    from named
    inner join matches on named.other_number = matches.list_number
    where not named.is_included

),

bound as (

    select distinct list_number
    from named
    where is_included

),

members_before as (

    select distinct
        list_name,
        subscriber_id
    from before

),

audience as (

    select
        matches.* exclude (reason),
        lists.list_name,
        coalesce(matches.reason, case when members_before.subscriber_id is not null then 'on_list_before' end) as reason
    from matches
    inner join lists on matches.list_number = lists.list_number and lists.is_decided
    left join members_before
        on lists.list_name = members_before.list_name and matches.subscriber_id = members_before.subscriber_id
    where
        (
            matches.list_number not in (select list_number from bound)
            or (matches.list_number, matches.subscriber_id) in (select (list_number, subscriber_id) from included)
        )
        and (matches.list_number, matches.subscriber_id) not in (select (list_number, subscriber_id) from excluded)

),

placed as (

    select
        *,
        min(case when reason is null then list_number end) over (partition by subscriber_id) as winner
    from audience

),

taken_once as (

    select
        subscriber_id,
        min(list_name) as list_name
    from taken
    group by subscriber_id

)

select
    placed.* exclude (reason, winner),
    case
        when placed.reason is not null then placed.reason
        when taken_once.list_name is not null or winner.list_number <> placed.list_number then 'lost_to_priority'
        when placed.{{ held_out }} then 'universal_control'
    end as reason,
    case
        when placed.reason is null then coalesce(taken_once.list_name, nullif(winner.list_name, placed.list_name))
    end as lost_to
from placed
left join lists as winner on placed.winner = winner.list_number
left join taken_once on placed.subscriber_id = taken_once.subscriber_id
