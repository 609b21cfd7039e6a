-- Which offers may be put to a line, the best first: the one view that every channel shows. An offer is closed in every channel
-- once the line has a completed order of it; a cancelled or failed one leaves it open.
with

offers as (

    select * from {{ ref('dim_offers') }}
    where is_valid

),

ordered as (

    select distinct
        subscriber_id,
        offer_code
    from {{ ref('fct_orders') }}
    where is_completed

),

open_offers as (

    select
        eligible.subscriber_id,
        offers.*,
        row_number() over (
            partition by eligible.subscriber_id order by offers.priority asc nulls last, offers.offer_code asc
        ) as place,
        count(*) over (partition by eligible.subscriber_id) as places
    from {{ ref('offer_eligibility') }} as eligible
    inner join offers on eligible.offer_code = offers.offer_code
    left join ordered
        on eligible.subscriber_id = ordered.subscriber_id
        and eligible.offer_code = ordered.offer_code
    where ordered.offer_code is null

)

select
    open_offers.subscriber_id,
    open_offers.offer_code,
    open_offers.offer_name,
    open_offers.offer_type,
    cast(open_offers.place as bigint) as rank,
    open_offers.place = 1 as is_best,
    open_offers.script,
    concat(
        coalesce('meets ' || nullif(trim(open_offers.eligibility), ''), 'for every line on the network'),
        '; ', cast(open_offers.place as {{ dbt.type_string() }}), ' of ', cast(open_offers.places as {{ dbt.type_string() }}),
        coalesce(' by priority ' || cast(open_offers.priority as {{ dbt.type_string() }}), ', without a priority')
    ) as reason,
    contact.is_suppressed_all,
    campaigns.is_universal_control
from open_offers
inner join {{ ref('tags_contact') }} as contact on open_offers.subscriber_id = contact.subscriber_id
inner join {{ ref('tags_marketing') }} as campaigns on open_offers.subscriber_id = campaigns.subscriber_id
