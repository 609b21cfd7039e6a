-- How a line answered the offers put to it, what it has ordered, and whether it is held out of all campaigns, for every line at
-- the business date.
with

lines as (

    select subscriber_id from {{ ref('dim_subscribers') }}

),

offers_put as (

    select
        subscriber_id,
        count(*) as offers_put,
        sum(case when outcome = 'accepted' then 1 else 0 end) as offers_accepted
    from {{ ref('fct_contacts') }}
    where offer_code is not null and contact_date >= {{ window_start(12) }}
    group by subscriber_id

),

orders as (

    select
        *,
        row_number() over (partition by subscriber_id order by ordered_at desc, order_id desc) as from_last
    from {{ ref('fct_orders') }}
    where is_completed

),

ordered as (

    select
        subscriber_id,
        sum(case when order_date >= {{ window_start(12) }} then 1 else 0 end) as orders_12m,
        sum(case when order_date >= {{ window_start(24) }} then 1 else 0 end) as orders_24m,
        max(order_date) as last_order_date,
        max(case when from_last = 1 then offer_code end) as last_ordered_offer_code
    from orders
    group by subscriber_id

),

visits as (

    select
        subscriber_id,
        count(*) as visits_24m
    from {{ ref('fct_visits') }}
    where visit_date >= {{ window_start(24) }}
    group by subscriber_id

),

control as (

    select
        cast(cast(floor(
            (extract(year from {{ as_of_date() }}) * 12 + extract(month from {{ as_of_date() }}) - 1)
            / {{ rule('contact_rules', 'universal_control_months') }}
        ) as integer) as {{ dbt.type_string() }}) as period

)

select
    lines.subscriber_id,

    ---------- answers
    coalesce(offers_put.offers_put, 0) as offers_put_12m,
    cast(coalesce(offers_put.offers_accepted, 0) as bigint) as offers_accepted_12m,
    {{ ratio('offers_put.offers_accepted', 'offers_put.offers_put') }} as offer_acceptance_share,

    ---------- orders
    cast(coalesce(ordered.orders_12m, 0) as bigint) as orders_completed_12m,
    cast(coalesce(ordered.orders_24m, 0) as bigint) as orders_completed_24m,
    coalesce(visits.visits_24m, 0) as visits_24m,
    coalesce(types.band, case when visits.visits_24m > 0 then 'visitor' else 'none' end) as purchase_type,
    ordered.last_ordered_offer_code,
    offers.offer_type as last_ordered_offer_type,
    cast({{ dbt.datediff('ordered.last_order_date', as_of_date(), 'day') }} as integer) as days_since_last_order,

    ---------- control
    -- Another draw a period: nobody goes without offers for good.
    {{ hash_share(var('control_salt'), "control.period, ':', lines.subscriber_id") }}
        < {{ rule('contact_rules', 'universal_control_share') }} as is_universal_control
from lines
cross join control
left join offers_put on lines.subscriber_id = offers_put.subscriber_id
left join ordered on lines.subscriber_id = ordered.subscriber_id
left join {{ bands('purchase_types') }} as types on {{ in_band('ordered.orders_24m', 'types') }}
left join {{ ref('dim_offers') }} as offers on ordered.last_ordered_offer_code = offers.offer_code
left join visits on lines.subscriber_id = visits.subscriber_id
