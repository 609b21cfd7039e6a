-- A line's life cut into stays on the network and off it. A stay begins on `from_date` and ends the day before `to_date`; the
-- last one ends in 9999. An off-net stay carries its churn type and reason: those of the last terminal event of its first day.
{{ config(materialized='table') }}
with

changes as (

    select * from {{ ref('int_subscribers__status_changes') }}

),

first_changes as (

    select *
    from changes
    qualify is_on_net is distinct from lag(is_on_net) over (partition by subscriber_id order by change_date)

),

stays as (

    select
        subscriber_id,
        change_date as from_date,
        lead(change_date, 1, {{ open_end() }}) over (partition by subscriber_id order by change_date) as to_date,
        is_on_net
    from first_changes

),

terminal_days as (

    select
        subscriber_id,
        cast(event_at as date) as event_date,
        event_type,
        reason_code
    from {{ ref('stg_crm__subscriber_events') }}
    where is_terminal
    qualify row_number() over (
            partition by subscriber_id, cast(event_at as date) order by event_at desc, event_id desc
        ) = 1

),

explained as (

    select
        stays.subscriber_id,
        stays.from_date,
        stays.to_date,
        stays.is_on_net,
        case when not stays.is_on_net then coalesce(terminal_days.event_type, subscribers.status_code) end as churn_type,
        case when not stays.is_on_net then terminal_days.reason_code end as reason_code
    from stays
    inner join {{ ref('stg_crm__subscribers') }} as subscribers on stays.subscriber_id = subscribers.subscriber_id
    left join terminal_days
        on stays.subscriber_id = terminal_days.subscriber_id
        and stays.from_date = terminal_days.event_date

)

select * from explained
