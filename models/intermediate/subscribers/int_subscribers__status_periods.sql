-- Status of each line over time: active from its activation until something else is told, then as events told it, and since its
-- status date as the snapshot has it. What is older than its activation belongs to no life of the line.
with

lines as (

    select * from {{ ref('stg_crm__subscribers') }}

),

told as (

    select
        events.subscriber_id,
        cast(events.event_at as date) as from_date,
        case
            when events.event_type in ('activated', 'ported_in', 'resumed', 'reinstated') then 'active'
            else events.event_type
        end as status_code
    from {{ ref('stg_crm__subscriber_events') }} as events
    inner join lines
        on events.subscriber_id = lines.subscriber_id
        and cast(events.event_at as date) >= lines.activation_date
    where events.event_type not in ('transferred', 'sim_changed')
        and (cast(events.event_at as date) < lines.status_date or cast(events.event_at as date) > lines.snapshot_date)
    qualify row_number() over (
        partition by events.subscriber_id, cast(events.event_at as date) order by events.event_at desc, events.event_id desc
    ) = 1

    union all

    select subscriber_id, status_date as from_date, status_code
    from lines

),

-- Else a line whose history was never told would have no status before its last change, and that alone would tell of the change.
begun as (

    select
        subscriber_id,
        from_date,
        status_code,
        true as is_told
    from told

    union all

    select
        lines.subscriber_id,
        lines.activation_date as from_date,
        'active' as status_code,
        false as is_told
    from lines
    left join told
        on lines.subscriber_id = told.subscriber_id
        and lines.activation_date >= told.from_date
    where told.subscriber_id is null

),

-- A status that is told begins on its day, also after one that is only taken to be the same.
changes as (

    select *
    from begun
    qualify status_code is distinct from lag(case when is_told then status_code end) over (
            partition by subscriber_id order by from_date
        )

)

select
    subscriber_id,
    from_date,
    lead(from_date, 1, {{ open_end() }}) over (partition by subscriber_id order by from_date) as to_date,
    status_code
from changes
