-- Which bundle fits each line on the network: the highest commitment that its own spend has covered in nearly all of its months,
-- and the incentive that its expected loss bears. Neither goes by who or where the customer is.
{% set month = last_billed_month() %}
{% set levels = range(1, 6) %}
with

lines as (

    select subscriber_id from {{ ref('dim_subscribers') }}
    where is_on_net

),

bounds as (

    select
        {%- for level in levels %}
        max(case when level = {{ level }} then commitment_amount end) as commitment_{{ level }},
        max(case when level = {{ level }} then risk_rank end) as risk_rank_{{ level }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ ref('bundle_commitments') }}

),

spent as (

    select
        facts.subscriber_id,
        cast(count(*) as integer) as months_counted
        {%- for level in levels %},
        sum(case when facts.arpu_amount >= bounds.commitment_{{ level }} then 1 else 0 end) as covered_{{ level }}
        {%- endfor %}
    from {{ ref('fct_subscriber_months') }} as facts
    cross join bounds
    where facts.month > {{ months_before(month, rule('tariff_rules', 'bundle_months')) }} and facts.month <= {{ month }}
        and facts.is_on_net_opening and facts.is_on_net_end
    group by facts.subscriber_id

),

covered as (

    select
        subscriber_id,
        months_counted,
        case
            when months_counted < {{ rule('tariff_rules', 'bundle_least_months') }} then null
            {%- for level in levels | reverse %}
            when {{ comparable(ratio('covered_' ~ level, 'months_counted')) }}
                >= {{ rule('tariff_rules', 'bundle_covered_share') }} then {{ level }}
            {%- endfor %}
            else 0
        end as fee_level
    from spent

),

losses as (

    select
        warnings.subscriber_id,
        cast({{ rounded(
            'warnings.value_loss_probability * cast(greatest(averages.arpu_3m, 0) as double) * cast('
            ~ rule('tariff_rules', 'loss_months') ~ ' as double)', 2
        ) }} as decimal(18, 2)) as expected_loss_amount
    from {{ ref('value_loss_warning') }} as warnings
    inner join lines on warnings.subscriber_id = lines.subscriber_id
    inner join {{ ref('fct_subscriber_averages') }} as averages
        on warnings.subscriber_id = averages.subscriber_id
        and averages.month = {{ month }}
    where warnings.value_loss_probability is not null and averages.arpu_3m is not null

),

ranked as (

    select
        *,
        {{ comparable('percent_rank() over (order by expected_loss_amount)') }} as risk_rank
    from losses

),

borne as (

    select
        ranked.subscriber_id,
        ranked.expected_loss_amount,
        case
            {%- for level in levels | reverse %}
            when ranked.risk_rank >= bounds.risk_rank_{{ level }} then {{ level }}
            {%- endfor %}
            else 0
        end as incentive_level
    from ranked
    cross join bounds

)

select
    lines.subscriber_id,
    coalesce(covered.months_counted, 0) as months_counted,
    cast(covered.fee_level as integer) as bundle_fee_level,
    borne.expected_loss_amount,
    cast(borne.incentive_level as integer) as bundle_incentive_level
from lines
left join covered on lines.subscriber_id = covered.subscriber_id
left join borne on lines.subscriber_id = borne.subscriber_id
