-- Effective circles at each month's end: lines that are on-net then, and the operator's own lines that stand close enough to
-- them. An own line that changed its number has several keys and stands once.
select
    peers.month,
    peers.subscriber_id,
    peers.peer_subscriber_id,
    max(peers.contact_index) as contact_index
from {{ ref('int_network__close_peers') }} as peers
inner join {{ ref('int_subscribers__stays') }} as stays
    on peers.subscriber_id = stays.subscriber_id
    and {{ month_end('peers.month') }} >= stays.from_date
    and {{ month_end('peers.month') }} < stays.to_date
where stays.is_on_net and peers.subscriber_id <> peers.peer_subscriber_id
group by peers.month, peers.subscriber_id, peers.peer_subscriber_id
