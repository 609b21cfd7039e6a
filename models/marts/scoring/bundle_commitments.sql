-- What a bundle of each level commits to: the mean spend that a share of lines does not pass, rounded down to whole steps, and at
-- least a step above the level below.
{{ config(materialized='view', access='private', meta={'public': false}) }}
{% set step = rule('tariff_rules', 'commitment_step') %}
with

spending as (

    select
        averages.arpu_3m,
        {{ comparable('cume_dist() over (order by averages.arpu_3m)') }} as spend_share
    from {{ ref('fct_subscriber_averages') }} as averages
    inner join {{ ref('fct_subscriber_months') }} as facts
        on averages.subscriber_id = facts.subscriber_id
        and averages.month = facts.month
    where averages.month = {{ last_billed_month() }} and facts.is_on_net_end and averages.arpu_3m > 0

),

ranked as (

    select
        ranks.level,
        ranks.risk_rank,
        cast(greatest(floor({{ comparable(ratio('min(spending.arpu_3m)', step)) }}), 1) as integer) as steps
    from {{ ref('bundle_ranks') }} as ranks
    inner join spending on ranks.spend_share <= spending.spend_share
    group by ranks.level, ranks.risk_rank

)

select
    level,
    risk_rank,
    cast({{ step }} * (level + max(steps - level) over (order by level)) as decimal(18, 2)) as commitment_amount
from ranked
