-- Whom a manager looks after and how the calls go: the whole picture of a manager. Lines held are those on-net.
with

held as (

    select
        lines.manager_id,
        count(*) as subscribers_held,
        sum(case when worth.is_high_value then 1 else 0 end) as high_value_held,
        sum(case when risk.is_at_risk then 1 else 0 end) as at_risk_held,
        sum(case when contact.is_detractor then 1 else 0 end) as open_detractors_held
    from {{ ref('dim_subscribers') }} as lines
    left join {{ ref('tags_value') }} as worth on lines.subscriber_id = worth.subscriber_id
    left join {{ ref('tags_risk') }} as risk on lines.subscriber_id = risk.subscriber_id
    left join {{ ref('tags_contact') }} as contact on lines.subscriber_id = contact.subscriber_id
    where lines.is_on_net
    group by lines.manager_id

),

contacts as (

    select
        manager_id,
        count(*) as contacts,
        sum(case when is_connected then 1 else 0 end) as connected,
        sum(case when outcome = 'accepted' then 1 else 0 end) as accepted
    from {{ ref('fct_contacts') }}
    where direction = 'outbound' and contact_date > {{ dbt.dateadd('day', -30, as_of_date()) }}
    group by manager_id

)

select
    managers.manager_id,

    ---------- profile
    managers.team,
    managers.region_code,

    ---------- lines held
    coalesce(held.subscribers_held, 0) as subscribers_held,
    bands.band as workload_band,
    cast(coalesce(held.high_value_held, 0) as bigint) as high_value_held,
    cast(coalesce(held.at_risk_held, 0) as bigint) as at_risk_held,
    cast(coalesce(held.open_detractors_held, 0) as bigint) as open_detractors_held,

    ---------- work
    coalesce(contacts.contacts, 0) as outbound_contacts_30d,
    {{ ratio('contacts.connected', 'contacts.contacts') }} as connection_rate_30d,
    {{ ratio('contacts.accepted', 'contacts.contacts') }} as accepted_share_30d
from {{ ref('dim_managers') }} as managers
left join held on managers.manager_id = held.manager_id
left join {{ bands('workload_bands') }} as bands on {{ in_band('coalesce(held.subscribers_held, 0)', 'bands') }}
left join contacts on managers.manager_id = contacts.manager_id
