-- What each customer with an on-net line at the end of the last billed month is worth, and the layer of service that
-- follows: the customers in order of realised value, cut at shares of their number.
with

customers as (

    select
        customer_id,
        sum(realised_value) as realised_value,
        -- The best tier has the highest score.
        max(value_score) as best_score,
        count(*) as subscribers
    from {{ ref('fct_value_months') }}
    where month = {{ last_billed_month() }}
    group by customer_id

),

ordered as (

    select
        *,
        row_number() over (order by realised_value desc, customer_id asc) as place,
        count(*) over () as customer_count
    from customers

),

layers as (

    select
        band,
        upper_share,
        coalesce(lag(upper_share) over (order by upper_share), 0) as lower_share
    from {{ ref('service_layers_shares') }}

),

layered as (

    select
        ordered.customer_id,
        cast(ordered.realised_value as decimal(18, 2)) as realised_value,
        layers.band as service_layer,
        tiers.band as value_tier,
        cast(ordered.subscribers as bigint) as subscribers
    from ordered
    inner join layers
        on ordered.place <= layers.upper_share * ordered.customer_count
        and ordered.place > layers.lower_share * ordered.customer_count
    left join {{ bands('value_tiers') }} as tiers
        on {{ in_band('ordered.best_score', 'tiers') }}

)

select * from layered
