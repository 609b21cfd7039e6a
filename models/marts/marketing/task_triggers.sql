-- What gives cause for a task on the business date: alerts, zones and lists of lines that may be contacted, by the rules of
-- target lists. Nothing is raised while the tables that say who may be contacted are late.
{{ config(materialized='view') }}
with

causes as (

    select
        subscriber_id,
        concat('alert:', alert_code) as reason,
        concat('alert:', alert_code) as level
    from {{ ref('alerts') }}

    union all

    select
        subscriber_id,
        concat('zone:', warning_zone) as reason,
        concat('zone:', warning_zone) as level
    from {{ ref('value_loss_warning') }}
    where warning_zone is not null

    union all

    select distinct
        members.subscriber_id,
        concat('list:', members.list_name) as reason,
        coalesce(named.reason, concat('channel:', members.channel)) as level
    from {{ ref('target_list_members') }} as members
    left join {{ ref('task_service_levels') }} as named on named.reason = concat('list:', members.list_name)
    left join {{ ref('list_offers_taken') }} as taken
        on members.list_name = taken.list_name
        and members.run_date = taken.run_date
        and members.subscriber_id = taken.subscriber_id
    where members.arm = 'treated'
        and members.run_date >= {{ days_before(rule('task_rules', 'list_days')) }}
        and taken.order_id is null

),

closed as (

    select distinct subscriber_id from {{ ref('fct_call_closures') }}
    where {{ in_force('closed_from', 'closed_to', as_of_date()) }}

),

late as (

    select count(*) as tables from {{ ref('dim_raw_tables') }}
    where table_name in ('channel_suppressions', 'channel_phone_suppressions', 'channel_contacts')
        and (days_behind > limit_days or is_last_rejected)

)

select
    causes.subscriber_id,
    levels.purpose,
    causes.reason,
    cast(max(levels.risk) as decimal(9, 6)) as risk,
    cast({{ dbt.dateadd('day', 'cast(min(levels.due_days) as integer)', as_of_date()) }} as date) as due_date
from causes
inner join {{ ref('task_service_levels') }} as levels on causes.level = levels.reason
inner join {{ ref('dim_subscribers') }} as lines on causes.subscriber_id = lines.subscriber_id
inner join {{ ref('contact_pressure') }} as pressure on causes.subscriber_id = pressure.subscriber_id
inner join {{ ref('tags_marketing') }} as held on causes.subscriber_id = held.subscriber_id
left join closed on causes.subscriber_id = closed.subscriber_id
cross join late
where late.tables = 0
    and closed.subscriber_id is null
    and pressure.remaining_contacts > 0
    and not held.is_universal_control
    and (lines.is_on_net or levels.purpose = 'win_back')
group by causes.subscriber_id, levels.purpose, causes.reason
