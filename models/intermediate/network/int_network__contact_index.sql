-- How close each peer is to a line, from the call pairs of the last three complete months: the peer's shares of the line's call
-- days, minutes and calls, days weighing most. A share of nothing counts 0.
with

pairs as (

    select
        subscriber_id,
        peer_key,
        max(peer_subscriber_id) as peer_subscriber_id,
        sum(call_days) as call_days,
        sum(call_minutes) as call_minutes,
        sum(call_count) as call_count
    from {{ ref('stg_billing__call_pairs') }}
    where call_month between {{ last_complete_month(-2) }} and {{ last_complete_month() }}
    group by subscriber_id, peer_key

),

shares as (

    select
        subscriber_id,
        peer_key,
        peer_subscriber_id,
        coalesce(call_days / nullif(sum(call_days) over (partition by subscriber_id), 0), 0) as days_share,
        coalesce(call_minutes / nullif(sum(call_minutes) over (partition by subscriber_id), 0), 0) as minutes_share,
        coalesce(call_count / nullif(sum(call_count) over (partition by subscriber_id), 0), 0) as count_share
    from pairs

),

weighted as (

    select
        subscriber_id,
        peer_key,
        peer_subscriber_id,
        cast(round(
            {{ rule('value_rules', 'contact_days_weight') }} * days_share
            + {{ rule('value_rules', 'contact_minutes_weight') }} * minutes_share
            + {{ rule('value_rules', 'contact_count_weight') }} * count_share, 9
        ) as decimal(10, 9)) as contact_index
    from shares

)

select * from weighted
