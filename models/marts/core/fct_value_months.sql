-- What each line is worth at each month's end at which it is on-net, by score and tier. It stands in core, for value, churn and
-- retention all go by the tiers. Only months that changed are built.
{{ config(access='protected', meta={'public': false}) }}
{% set to_build = built_by_month('fct_value_sources') %}
{% set top = rule('value_rules', 'top_percent_rank') %}
{% set ranks = {
    'realised_rank': ('realised_value', []), 'potential_rank': ('potential_value', []), 'influence_rank': ('influence_score', []),
    'local_arpu_rank': ('arpu_3m', ['region_code', 'county_code']),
} %}
with

measured as (

    select
        measures.*,
        lines.customer_id,
        lines.region_code,
        lines.county_code
    from {{ ref('fct_value_potential') }} as measures
    inner join {{ ref('int_subscribers__present_state') }} as lines on measures.subscriber_id = lines.subscriber_id
    where {{ in_months('measures.month', to_build) }}

),

ranked as (

    select
        measured.*,
        {%- for rank in ranks %}
        coalesce({{ rank }}.percent_rank, 0) as {{ rank }}{{ "," if not loop.last }}
        {%- endfor %}
    from measured
    {%- for rank, (column, within) in ranks.items() %}
    {{ join_percent_rank('measured', rank, column, within) }}
    {%- endfor %}

),

weighed as (

    select
        *,
        {{ rule('value_rules', 'realised_weight') }} * realised_rank
        + {{ rule('value_rules', 'potential_weight') }} * potential_rank
        + {{ rule('value_rules', 'influence_weight') }} * influence_rank as weighed_ranks
    from ranked

),

scored as (

    select
        *,
        cast({{ rounded('weighed_ranks', 6) }} as decimal(9, 6)) as value_score
    from weighed

),

tiered as (

    select
        scored.month,
        scored.subscriber_id,
        scored.customer_id,
        scored.region_code,
        scored.tenure_months,
        scored.arpu_3m,
        scored.mou_3m,
        scored.dou_3m,
        scored.outgoing_3m,
        scored.calls_3m,
        scored.messages_3m,
        scored.arpu_band,
        scored.arpu_trend,
        scored.realised_value,
        scored.potential_value,
        cast(scored.influence_score as integer) as influence_score,
        scored.expected_remaining_months,
        scored.value_score,
        tiers.band as value_tier,
        classes.value_class,
        (scored.influence_rank >= {{ top }} or scored.is_key_person)
        and scored.tenure_months > {{ rule('value_rules', 'high_influence_tenure_months') }} as is_high_influence,
        (
            scored.arpu_3m >= {{ rule('value_rules', 'mid_high_end_arpu') }}
            and scored.outgoing_3m >= {{ rule('value_rules', 'mid_high_end_outgoing') }}
        ) or scored.local_arpu_rank >= {{ top }} as is_mid_high_end,
        sources.source_fingerprint
    from scored
    left join {{ ref('fct_value_sources') }} as sources on scored.month = sources.month
    left join {{ bands('value_tiers') }} as tiers
        on {{ in_band('scored.value_score', 'tiers') }}
    left join {{ ref('value_tiers') }} as classes on tiers.band = classes.band

)

select * from tiered
