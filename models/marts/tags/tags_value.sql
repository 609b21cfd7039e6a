-- What a line is worth, as at the end of the last billed month; lines off the network then have no value tags.
with

lines as (

    select
        subscriber_id,
        customer_id
    from {{ ref('dim_subscribers') }}

),

points as (

    select
        subscriber_id,
        points_earned
    from {{ ref('fct_loyalty_points') }}
    -- The last calendar year that had ended by the month's end: the one that the VIP level goes by.
    where points_year = extract(year from {{ dbt.dateadd('month', 1, last_billed_month()) }}) - 1

)

select
    worth.subscriber_id,

    ---------- use and revenue
    worth.arpu_3m,
    worth.mou_3m,
    worth.dou_3m,
    worth.outgoing_3m,
    worth.arpu_band,
    worth.arpu_trend,
    worth.activity_score,
    worth.activity_grade,
    worth.is_mid_high_end,

    ---------- value
    worth.realised_value,
    worth.potential_value,
    worth.expected_remaining_months,
    worth.influence_score,
    worth.value_score,
    worth.value_tier,
    worth.value_class,
    worth.is_high_value,
    worth.is_high_influence,
    worth.value_quadrant,
    worth.value_quadrant = 'star' as is_most_valuable,
    worth.value_quadrant = 'growth' as is_most_growable,

    ---------- customer
    points.points_earned as points_last_year,
    worth.vip_level,
    worth.is_high_income,
    customers.realised_value as customer_realised_value,
    customers.service_layer
from {{ ref('subscriber_value') }} as worth
left join lines on worth.subscriber_id = lines.subscriber_id
left join points on worth.subscriber_id = points.subscriber_id
left join {{ ref('customer_value') }} as customers on lines.customer_id = customers.customer_id
