-- The value pyramid by month: lines on-net at its end by tier, and the revenue of that month that they brought.
-- Only months that changed are built.
{% set to_build = built_by_month('value_month_sources') %}
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
    where {{ in_months('scored.month', to_build) }} and {{ in_months('facts.month', to_build) }}
    group by scored.month, scored.value_tier

)

select
    tiers.month,
    tiers.value_tier,
    cast(tiers.subscribers as bigint) as subscribers,
    cast(tiers.subscribers / sum(tiers.subscribers) over (partition by tiers.month) as double) as subscriber_share,
    cast(tiers.revenue_amount as decimal(18, 2)) as revenue_amount,
    {{ ratio('tiers.revenue_amount', 'sum(tiers.revenue_amount) over (partition by tiers.month)') }} as revenue_share,
    sources.source_fingerprint
from tiers
left join {{ ref('value_month_sources') }} as sources on tiers.month = sources.month
