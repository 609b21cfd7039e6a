-- The three measures that a line's value is scored by, at each month's end at which it is on-net: what it brought in twelve
-- months, what it is expected to bring, and whom it takes along.
{{ config(materialized='view', access='private', meta={'public': false}) }}
{% set trend_limit = rule('value_rules', 'trend_limit') %}
with

months as (

    select
        subscriber_id,
        month,
        tenure_months,
        tenure_band,
        is_on_net_end
    from {{ ref('fct_subscriber_months') }}
    where is_complete_month and not is_after_churn

),

measured as (

    select
        months.*,
        averages.realised_value,
        averages.arpu_3m,
        averages.mou_3m,
        averages.dou_3m,
        averages.outgoing_3m,
        averages.calls_3m,
        averages.messages_3m,
        averages.arpu_band,
        averages.arpu_trend,
        lifetimes.expected_remaining_months,
        key_persons.subscriber_id is not null as is_key_person,
        coalesce(influence.circle_count, 0) + case
            when key_persons.subscriber_id is not null then {{ rule('value_rules', 'key_person_bonus') }} else 0
        end as influence_score,
        least(greatest(coalesce(averages.arpu_trend, 0), -{{ trend_limit }}), {{ trend_limit }}) as held_trend
    from months
    inner join {{ ref('fct_subscriber_averages') }} as averages
        on months.subscriber_id = averages.subscriber_id
        and months.month = averages.month
    inner join {{ ref('fct_expected_lifetimes') }} as lifetimes
        on months.month = lifetimes.month
        and coalesce(months.tenure_band, 'unknown') = lifetimes.tenure_band
        and coalesce(averages.arpu_band, 'unknown') = lifetimes.arpu_band
    left join {{ ref('int_network__influence') }} as influence
        on months.subscriber_id = influence.subscriber_id
        and months.month = influence.month
    left join {{ ref('int_subscribers__key_persons') }} as key_persons
        on months.subscriber_id = key_persons.subscriber_id
        and months.month = key_persons.month
    where months.is_on_net_end

),

valued as (

    select
        *,
        cast({{ rounded('arpu_3m * (1 + held_trend) * expected_remaining_months', 2) }} as decimal(18, 2)) as potential_value
    from measured

)

select * from valued
