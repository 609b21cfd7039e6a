-- Days on which a line came on the network or left it, as events and snapshot together tell. A day's last terminal or
-- reinstated event decides it. Where the state that events give at the snapshot's own date is not the snapshot's, the snapshot
-- wins from its status date: what events say from there to the snapshot is void, later ones count again.
with

subscribers as (

    select
        *,
        greatest(status_date, activation_date) as status_from
    from {{ ref('stg_crm__subscribers') }}

),

event_days as (

    select
        events.subscriber_id,
        cast(events.event_at as date) as change_date,
        not events.is_terminal as is_on_net
    from {{ ref('stg_crm__subscriber_events') }} as events
    where events.is_terminal or events.event_type = 'reinstated'
    qualify row_number() over (
            partition by events.subscriber_id, cast(events.event_at as date)
            order by events.event_at desc, events.event_id desc
        ) = 1

),

-- A terminal event on the day of activation leaves no day on the network, and what is older belongs to no life of this line.
told_by_events as (

    select
        subscribers.subscriber_id,
        event_days.change_date,
        event_days.is_on_net
    from subscribers
    inner join event_days
        on subscribers.subscriber_id = event_days.subscriber_id
        and subscribers.activation_date <= event_days.change_date

    union all

    select
        subscribers.subscriber_id,
        subscribers.activation_date as change_date,
        true as is_on_net
    from subscribers
    left join event_days
        on subscribers.subscriber_id = event_days.subscriber_id
        and subscribers.activation_date = event_days.change_date
    where event_days.subscriber_id is null

),

state_at_snapshot as (

    select
        subscribers.subscriber_id,
        told_by_events.is_on_net
    from subscribers
    inner join told_by_events
        on subscribers.subscriber_id = told_by_events.subscriber_id
        and subscribers.snapshot_date >= told_by_events.change_date
    qualify row_number() over (
            partition by subscribers.subscriber_id order by told_by_events.change_date desc
        ) = 1

),

overruled as (

    select
        subscribers.subscriber_id,
        subscribers.status_from,
        subscribers.snapshot_date,
        not subscribers.is_terminated as is_on_net
    from subscribers
    left join state_at_snapshot on subscribers.subscriber_id = state_at_snapshot.subscriber_id
    where coalesce(state_at_snapshot.is_on_net, true) = subscribers.is_terminated

),

changes as (

    select
        told_by_events.subscriber_id,
        told_by_events.change_date,
        told_by_events.is_on_net
    from told_by_events
    left join overruled
        on told_by_events.subscriber_id = overruled.subscriber_id
        and overruled.status_from <= told_by_events.change_date
        and greatest(overruled.snapshot_date, overruled.status_from) >= told_by_events.change_date
    where overruled.subscriber_id is null

    union all

    select subscriber_id, status_from as change_date, is_on_net
    from overruled
    where status_from <= {{ as_of_date() }}

)

select * from changes
