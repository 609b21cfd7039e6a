-- Influence of each line at each month's end: in how many on-net lines' effective circles it stands, each counted once and
-- never itself.
select
    month,
    peer_subscriber_id as subscriber_id,
    count(*) as circle_count
from {{ ref('int_network__effective_circles') }}
group by month, peer_subscriber_id
