-- Effective circles at each month's end: lines that are on-net then, and the operator's own lines that stand close enough to
-- them.
{{ config(materialized='table') }}
with

circles as (

    select distinct month, subscriber_id, peer_subscriber_id
    from {{ ref('int_network__contact_index') }}
    where contact_index >= {{ rule('value_rules', 'effective_circle_index') }}
        and subscriber_id <> peer_subscriber_id

)

select circles.*
from circles
inner join {{ ref('int_subscribers__months') }} as months
    on circles.subscriber_id = months.subscriber_id
    and circles.month = months.month
where months.is_on_net_end
