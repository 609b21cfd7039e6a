-- How large each line's effective circle is at the end of the last complete month: all peers who stand close enough, and the
-- operator's own on-net lines among them. Only built where that month is another, or changed.
{% set to_build = built_by_month('fct_circle_sources', by_lines=true) %}
with

on_net as (

    select subscriber_id from {{ ref('fct_subscriber_months') }}
    where month = {{ last_complete_month() }} and is_on_net_end

),

close_peers as (

    select * from {{ ref('int_network__close_peers') }}
    where month = {{ last_complete_month() }} and subscriber_id is distinct from peer_subscriber_id

),

-- An own line that changed its number has several keys and counts once.
counted as (

    select
        lines.subscriber_id,
        cast(
            count(distinct peers.peer_subscriber_id)
            + count(distinct case when peers.peer_subscriber_id is null then peers.peer_key end) as integer
        ) as circle_size,
        cast(count(distinct own_lines.subscriber_id) as integer) as on_net_circle_size
    from on_net as lines
    inner join close_peers as peers on lines.subscriber_id = peers.subscriber_id
    left join on_net as own_lines on peers.peer_subscriber_id = own_lines.subscriber_id
    group by lines.subscriber_id

)

select
    sources.month,
    counted.*,
    sources.source_fingerprint
from counted
cross join {{ ref('fct_circle_sources') }} as sources
where {{ in_months('sources.month', to_build) }}
