-- Peers who stand close enough to a line at each month's end, and how close. It comes of the call pairs of the three months that
-- end then: the peer's shares of the line's call days, minutes and calls, days weighing most, a share of nothing counting 0.
--
-- Call pairs are the longest table but one, and each enters three windows. So only months that changed are built, and peers who
-- are never known as one of the operator's own lines, the larger half, are followed each for itself at the end of the last
-- complete month alone, where the whole circle is asked for; before it they enter a line's totals as one.
{% set to_build = built_by_month('int_network__circle_sources', by_lines=true) %}
{%- do ref('int_network__months_to_build') -%} {# read before this table changes #}
with

windows as (

    select * from {{ ref('int_network__circle_windows') }}
    where {{ in_months('month', to_build) }}

),

calls as (

    select
        calls.*,
        own_keys.peer_key is not null as is_own
    from {{ ref('stg_billing__call_pairs') }} as calls
    left join {{ ref('int_network__own_keys') }} as own_keys on calls.peer_key = own_keys.peer_key
    where {{ in_months('calls.call_month', to_build, back=2) }}

),

pairs as (

    select
        windows.month,
        calls.subscriber_id,
        case when calls.is_own or windows.month = {{ last_complete_month() }} then calls.peer_key end as peer_key,
        max(calls.peer_subscriber_id) as peer_subscriber_id,
        sum(calls.call_days) as call_days,
        sum(calls.call_minutes) as call_minutes,
        sum(calls.call_count) as call_count
    from calls
    inner join windows on calls.call_month = windows.call_month
    group by 1, 2, 3

),

totals as (

    select
        month,
        subscriber_id,
        sum(call_days) as call_days,
        sum(call_minutes) as call_minutes,
        sum(call_count) as call_count
    from pairs
    group by 1, 2

),

shares as (

    select
        pairs.month,
        pairs.subscriber_id,
        pairs.peer_key,
        pairs.peer_subscriber_id,
        coalesce({{ ratio('pairs.call_days', 'totals.call_days') }}, 0) as days_share,
        coalesce({{ ratio('pairs.call_minutes', 'totals.call_minutes') }}, 0) as minutes_share,
        coalesce({{ ratio('pairs.call_count', 'totals.call_count') }}, 0) as count_share
    from pairs
    inner join totals on pairs.month = totals.month and pairs.subscriber_id = totals.subscriber_id
    where pairs.peer_subscriber_id is not null or pairs.month = {{ last_complete_month() }}

),

weighted as (

    select
        month,
        subscriber_id,
        peer_key,
        peer_subscriber_id,
        {{ rule('value_rules', 'contact_days_weight') }} * days_share
        + {{ rule('value_rules', 'contact_minutes_weight') }} * minutes_share
        + {{ rule('value_rules', 'contact_count_weight') }} * count_share as weighted_shares
    from shares

),

indexed as (

    select
        month,
        subscriber_id,
        peer_key,
        peer_subscriber_id,
        cast({{ rounded('weighted_shares', 9) }} as decimal(10, 9)) as contact_index
    from weighted

)

select
    indexed.*,
    sources.source_fingerprint
from indexed
inner join {{ ref('int_network__circle_sources') }} as sources on indexed.month = sources.month
where indexed.contact_index >= {{ rule('value_rules', 'effective_circle_index') }}
