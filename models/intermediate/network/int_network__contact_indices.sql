-- How close each peer stands to a line at each month's end. It comes of the call pairs of the three months that end then: the
-- peer's shares of the line's call days, minutes and calls, days weighing most, a share of nothing counting 0.
--
-- Call pairs are the longest table but one, and each enters three windows. So a line's totals are summed by month first; and
-- peers who are never known as one of the operator's own lines, the larger half, are followed at the end of the last complete
-- month alone, where the whole circle is asked for.
with

back as (

    select 0 as months
    union all
    select 1 as months
    union all
    select 2 as months

),

windows as (

    select
        held.month,
        cast({{ dbt.dateadd('month', '-back.months', 'held.month') }} as date) as call_month
    from {{ ref('int_subscribers__months_held') }} as held
    cross join back
    where held.is_complete_month

),

monthly_totals as (

    select
        call_month,
        subscriber_id,
        sum(call_days) as call_days,
        sum(call_minutes) as call_minutes,
        sum(call_count) as call_count
    from {{ ref('stg_billing__call_pairs') }}
    group by call_month, subscriber_id

),

totals as (

    select
        windows.month,
        monthly_totals.subscriber_id,
        sum(monthly_totals.call_days) as call_days,
        sum(monthly_totals.call_minutes) as call_minutes,
        sum(monthly_totals.call_count) as call_count
    from monthly_totals
    inner join windows on monthly_totals.call_month = windows.call_month
    group by windows.month, monthly_totals.subscriber_id

),

-- A key may name no line in one month and name one in another.
own_keys as (

    select distinct peer_key
    from {{ ref('stg_billing__call_pairs') }}
    where peer_subscriber_id is not null

),

pairs as (

    select
        windows.month,
        calls.subscriber_id,
        calls.peer_key,
        max(calls.peer_subscriber_id) as peer_subscriber_id,
        sum(calls.call_days) as call_days,
        sum(calls.call_minutes) as call_minutes,
        sum(calls.call_count) as call_count
    from {{ ref('stg_billing__call_pairs') }} as calls
    inner join windows on calls.call_month = windows.call_month
    left join own_keys on calls.peer_key = own_keys.peer_key
    where own_keys.peer_key is not null or windows.month = {{ last_complete_month() }}
    group by windows.month, calls.subscriber_id, calls.peer_key

),

weighted as (

    select
        pairs.month,
        pairs.subscriber_id,
        pairs.peer_key,
        pairs.peer_subscriber_id,
        cast({{ rounded(
            rule('value_rules', 'contact_days_weight') ~ ' * coalesce(' ~ ratio('pairs.call_days', 'totals.call_days') ~ ', 0) + '
            ~ rule('value_rules', 'contact_minutes_weight')
            ~ ' * coalesce(' ~ ratio('pairs.call_minutes', 'totals.call_minutes') ~ ', 0) + '
            ~ rule('value_rules', 'contact_count_weight')
            ~ ' * coalesce(' ~ ratio('pairs.call_count', 'totals.call_count') ~ ', 0)', 9
        ) }} as decimal(10, 9)) as contact_index
    from pairs
    inner join totals
        on pairs.subscriber_id = totals.subscriber_id
        and pairs.month = totals.month

)

select * from weighted
