-- What the revenue of each tier is made of: ARPU revenue by fee class, which adds up to the pyramid. Only months that
-- changed are built.
{% set to_build = built_by_month('value_month_sources') %}
with

scored as (

    select month, subscriber_id, value_tier from {{ ref('fct_value_months') }}
    where {{ in_months('month', to_build) }}

),

billed as (

    select
        scored.month,
        scored.value_tier,
        {%- for fee_class in fee_classes() %}
        sum(facts.{{ fee_class }}_amount) as {{ fee_class }}_amount{{ "," if not loop.last }}
        {%- endfor %}
    from scored
    inner join {{ ref('fct_subscriber_months') }} as facts
        on scored.subscriber_id = facts.subscriber_id
        and scored.month = facts.month
    where {{ in_months('facts.month', to_build) }}
    group by scored.month, scored.value_tier

),

classes as (

    {% for fee_class in fee_classes() %}
    select month, value_tier, '{{ fee_class }}' as fee_class, {{ fee_class }}_amount as amount from billed
    union all
    {% endfor %}
    select
        scored.month,
        scored.value_tier,
        beside.fee_class,
        -beside.amount as amount
    from scored
    inner join {{ ref('int_revenue__charges_beside_arpu') }} as beside
        on scored.subscriber_id = beside.subscriber_id
        and scored.month = beside.month
    where {{ in_months('beside.month', to_build) }}

),

summed as (

    select
        month,
        value_tier,
        fee_class,
        sum(amount) as revenue_amount
    from classes
    group by month, value_tier, fee_class

)

select
    summed.month,
    summed.value_tier,
    summed.fee_class,
    cast(summed.revenue_amount as decimal(18, 2)) as revenue_amount,
    {{ ratio('summed.revenue_amount', 'sum(summed.revenue_amount) over (partition by summed.month, summed.value_tier)') }}
        as revenue_share,
    sources.source_fingerprint
from summed
left join {{ ref('value_month_sources') }} as sources on summed.month = sources.month
