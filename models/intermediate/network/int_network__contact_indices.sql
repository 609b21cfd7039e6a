-- How close each peer stands to a line at each month's end, from the call pairs of the three months that end then: the peer's
-- shares of the line's call days, minutes and calls, days weighing most, a share of nothing counting 0.
with

months as (

    select month from {{ ref('int_subscribers__months_held') }}
    where is_complete_month

),

pairs as (

    select
        months.month,
        calls.subscriber_id,
        calls.peer_key,
        max(calls.peer_subscriber_id) as peer_subscriber_id,
        sum(calls.call_days) as call_days,
        sum(calls.call_minutes) as call_minutes,
        sum(calls.call_count) as call_count
    from {{ ref('stg_billing__call_pairs') }} as calls
    inner join months
        on calls.call_month <= months.month
        and calls.call_month >= {{ dbt.dateadd('month', -2, 'months.month') }}
    group by months.month, calls.subscriber_id, calls.peer_key

),

shares as (

    select
        month,
        subscriber_id,
        peer_key,
        peer_subscriber_id,
        coalesce({{ ratio('call_days', 'sum(call_days) over (partition by month, subscriber_id)') }}, 0) as days_share,
        coalesce({{ ratio('call_minutes', 'sum(call_minutes) over (partition by month, subscriber_id)') }}, 0) as minutes_share,
        coalesce({{ ratio('call_count', 'sum(call_count) over (partition by month, subscriber_id)') }}, 0) as count_share
    from pairs

),

weighted as (

    select
        month,
        subscriber_id,
        peer_key,
        peer_subscriber_id,
        cast({{ rounded(
            rule('value_rules', 'contact_days_weight') ~ ' * days_share + '
            ~ rule('value_rules', 'contact_minutes_weight') ~ ' * minutes_share + '
            ~ rule('value_rules', 'contact_count_weight') ~ ' * count_share', 9
        ) }} as decimal(10, 9)) as contact_index
    from shares

)

select * from weighted
