-- What a line is worth, as at the end of the last complete month; lines off the network then have no value tags.
select
    subscriber_id,
    arpu_3m,
    mou_3m,
    dou_3m,
    arpu_band,
    realised_value,
    potential_value,
    influence_score,
    value_score,
    value_tier,
    value_class
from {{ ref('subscriber_value') }}
