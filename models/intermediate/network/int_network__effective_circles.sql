-- Effective circles at each month's end: lines that are on-net then, and the operator's own lines that stand close enough to
-- them. Only months that changed are built.
{{ built_by_month('int_network__circle_sources') }}
{% set to_build = months_to_build(changed_months('int_network__circle_sources')) %}
with

circles as (

    select
        month,
        subscriber_id,
        peer_subscriber_id,
        max(contact_index) as contact_index
    from {{ ref('int_network__contact_indices') }}
    where {{ in_months('month', to_build) }}
        and contact_index >= {{ rule('value_rules', 'effective_circle_index') }}
        and subscriber_id <> peer_subscriber_id
    group by month, subscriber_id, peer_subscriber_id

)

select
    circles.*,
    sources.source_fingerprint
from circles
left join {{ ref('int_network__circle_sources') }} as sources on circles.month = sources.month
inner join {{ ref('int_subscribers__stays') }} as stays
    on circles.subscriber_id = stays.subscriber_id
    and {{ month_end('circles.month') }} >= stays.from_date
    and {{ month_end('circles.month') }} < stays.to_date
where stays.is_on_net
