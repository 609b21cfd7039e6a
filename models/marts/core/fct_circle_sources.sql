-- What the circles at the end of the last complete month are made from: a fingerprint of the month's lines and of its close
-- peers.
{{ config(access='private', meta={'public': false}) }}
select
    held.month,
    {{ fingerprint_of(['held.source_fingerprint', 'peers.source_fingerprint']) }} as source_fingerprint
from {{ ref('fct_month_hashes') }} as held
left join {{ ref('int_network__circle_sources') }} as peers on held.month = peers.month
where held.month = {{ last_complete_month() }}
