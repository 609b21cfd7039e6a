-- The value pyramid by month: lines on-net at its end by tier, and the revenue of that month that they brought.
with

tiers as (

    select
        scored.month,
        scored.value_tier,
        count(*) as subscribers,
        sum(facts.arpu_amount) as revenue_amount
    from {{ ref('fct_value_months') }} as scored
    inner join {{ ref('fct_subscriber_months') }} as facts
        on scored.subscriber_id = facts.subscriber_id
        and scored.month = facts.month
    group by scored.month, scored.value_tier

)

select
    month,
    value_tier,
    cast(subscribers as bigint) as subscribers,
    cast(subscribers / sum(subscribers) over (partition by month) as double) as subscriber_share,
    cast(revenue_amount as decimal(18, 2)) as revenue_amount,
    {{ ratio('revenue_amount', 'sum(revenue_amount) over (partition by month)') }} as revenue_share
from tiers
