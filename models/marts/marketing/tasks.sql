-- Tasks: one row each, with all its reasons, what is at stake, who has it and how far it is. Of the open tasks of a manager or a
-- team as many are at hand as it can take: those that something was done about, then the dearest; the rest waits.
with

raised as (

    select
        task_id,
        subscriber_id,
        purpose,
        raised_on,
        owner_kind as first_owner_kind,
        owner_id as first_owner_id,
        {{ dbt.listagg('reason', "', '", 'order by reason') }} as reasons,
        count(*) as reason_count,
        min(due_date) as due_date,
        max(cast(risk as double)) as risk
    from {{ ref('task_reasons') }}
    group by task_id, subscriber_id, purpose, raised_on, owner_kind, owner_id

),

joined as (

    select
        raised.task_id,
        raised.subscriber_id,
        lines.region_code,
        lines.county_code,
        raised.purpose,
        raised.reasons,
        raised.reason_count,
        raised.raised_on,
        raised.due_date,
        coalesce(progress.owner_kind, raised.first_owner_kind) as owner_kind,
        coalesce(progress.owner_id, raised.first_owner_id) as owner_id,
        cast({{ rounded(
            'greatest(coalesce(worth.arpu_3m, 0), 0) * ' ~ rule('tariff_rules', 'loss_months'), 2
        ) }} as decimal(18, 2)) as value_at_stake_amount,
        cast({{ rounded('greatest(coalesce(scores.value_loss_probability, 0), raised.risk)', 6) }} as decimal(9, 6)) as risk,
        coalesce(progress.has_events, false) as has_events,
        coalesce(progress.is_passed_on, false) as is_passed_on,
        progress.started_on,
        progress.appointment_date,
        progress.state,
        progress.result_code,
        coalesce(progress.is_success, false) as is_success,
        progress.ending,
        progress.ended_on,
        progress.closed_by_manager_id
    from raised
    left join {{ ref('task_progress') }} as progress on raised.task_id = progress.task_id
    left join {{ ref('dim_subscribers') }} as lines on raised.subscriber_id = lines.subscriber_id
    left join {{ ref('subscriber_value') }} as worth on raised.subscriber_id = worth.subscriber_id
    left join {{ ref('value_loss_warning') }} as scores on raised.subscriber_id = scores.subscriber_id

),

priced as (

    select
        *,
        cast({{ rounded('value_at_stake_amount * risk', 2) }} as decimal(18, 2)) as priority_amount,
        case when owner_kind = 'manager' then owner_id end as manager_id
    from joined

),

ranked as (

    select
        priced.*,
        case
            when priced.ended_on is null then row_number() over (
                partition by priced.owner_kind, priced.owner_id, priced.ended_on is null
                order by priced.has_events desc, priced.priority_amount desc, priced.due_date asc, priced.raised_on asc,
                    priced.subscriber_id asc, priced.purpose asc
            )
        end as place,
        case priced.owner_kind
            when 'manager' then coalesce(managers.task_capacity, {{ rule('task_rules', 'manager_capacity') }})
            when 'team' then {{ rule('task_rules', 'team_capacity') }}
        end as capacity
    from priced
    left join {{ ref('dim_managers') }} as managers on priced.manager_id = managers.manager_id

)

select
    task_id,
    subscriber_id,
    region_code,
    county_code,
    purpose,
    reasons,
    reason_count,
    raised_on,
    due_date,
    value_at_stake_amount,
    risk,
    priority_amount,
    owner_kind,
    owner_id,
    manager_id,
    case
        when ending = 'expired' then 'expired'
        when ended_on is not null then 'closed'
        when state is not null then state
        when place > capacity then 'waiting'
        when has_events or raised_on < {{ as_of_date() }} then 'assigned'
        else 'new'
    end as state,
    cast(place as bigint) as place,
    is_passed_on,
    started_on,
    appointment_date,
    result_code,
    is_success,
    ending,
    ended_on,
    ended_on is null as is_open,
    case
        when ending = 'result' then ended_on <= due_date
        when ending = 'expired' or ended_on is null and due_date < {{ as_of_date() }} then false
    end as is_in_time,
    closed_by_manager_id
from ranked
