-- What each line on the network at the end of the last complete month is worth: what it brought, what it is expected to bring,
-- and whom it takes along.
{% set month = last_complete_month() %}
with

population as (

    select subscriber_id, tenure_band
    from {{ ref('fct_churn_base') }}
    where not is_churned

),

revenue as (

    select
        subscriber_id,
        sum(arpu_amount) as realised_value
    from {{ ref('fct_subscriber_months') }}
    where month between {{ last_complete_month(-11) }} and {{ month }}
    group by subscriber_id

),

averages as (

    select * from {{ ref('fct_subscriber_averages') }}
    where month = {{ month }}

),

measured as (

    select
        population.subscriber_id,
        averages.arpu_3m,
        averages.mou_3m,
        averages.dou_3m,
        averages.arpu_band,
        averages.arpu_trend,
        revenue.realised_value,
        lifetimes.expected_remaining_months,
        influence.influence_score,
        least(
            greatest(coalesce(averages.arpu_trend, 0), -{{ rule('value_rules', 'trend_limit') }}),
            {{ rule('value_rules', 'trend_limit') }}
        ) as held_trend
    from population
    inner join averages on population.subscriber_id = averages.subscriber_id
    inner join revenue on population.subscriber_id = revenue.subscriber_id
    inner join {{ ref('int_network__influence') }} as influence on population.subscriber_id = influence.subscriber_id
    inner join {{ ref('value_expected_lifetimes') }} as lifetimes
        on coalesce(population.tenure_band, 'unknown') = lifetimes.tenure_band
        and coalesce(averages.arpu_band, 'unknown') = lifetimes.arpu_band

),

valued as (

    select
        *,
        cast(round(arpu_3m * (1 + held_trend) * expected_remaining_months, 2) as decimal(18, 2)) as potential_value
    from measured

),

scored as (

    select
        *,
        cast(round(
            {{ rule('value_rules', 'realised_weight') }} * percent_rank() over (order by realised_value)
            + {{ rule('value_rules', 'potential_weight') }} * percent_rank() over (order by potential_value)
            + {{ rule('value_rules', 'influence_weight') }} * percent_rank() over (order by influence_score), 6
        ) as decimal(9, 6)) as value_score
    from valued

),

tiered as (

    select
        scored.subscriber_id,
        scored.arpu_3m,
        scored.mou_3m,
        scored.dou_3m,
        scored.arpu_band,
        scored.arpu_trend,
        cast(scored.realised_value as decimal(18, 2)) as realised_value,
        scored.potential_value,
        cast(scored.influence_score as integer) as influence_score,
        scored.expected_remaining_months,
        scored.value_score,
        tiers.band as value_tier,
        classes.value_class
    from scored
    left join {{ bands('value_tiers') }} as tiers
        on {{ in_band('scored.value_score', 'tiers') }}
    left join {{ ref('value_tiers') }} as classes on tiers.band = classes.band

)

select * from tiered
