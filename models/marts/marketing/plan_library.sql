-- What was tried on whom, and what it did: all runs of a list together, by offer, channel and tier, the surest first.
{% set keys = ['list_name', 'offer_code', 'channel', 'segment', 'first_run_date', 'last_run_date', 'runs', 'cost_amount'] %}
with

members as (

    select
        outcomes.*,
        coalesce(outcomes.value_tier, 'unknown') as tier,
        coalesce(outcomes.offer_code, 'none') as offer,
        case when outcomes.arm = 'treated' then {{ contact_cost('outcomes') }} + {{ gift_cost('outcomes') }} else 0 end as cost
    from {{ ref('list_member_outcomes') }} as outcomes
    left join {{ ref('channel_costs') }} as channels on outcomes.channel = channels.channel
    left join {{ ref('offer_chances') }} as offers on outcomes.offer_code = offers.offer_code

),

counted as (

    select
        list_name,
        offer as offer_code,
        channel,
        coalesce(tier, 'all') as segment,
        min(run_date) as first_run_date,
        max(run_date) as last_run_date,
        count(distinct run_date) as runs,
        sum(cost) as cost_amount,
        {{ effect_counts() }}
    from members
    group by grouping sets ((list_name, offer, channel), (list_name, offer, channel, tier))

),

purposes as (

    select
        list_name,
        purpose
    from {{ ref('target_list_runs') }}
    qualify row_number() over (
        partition by list_name order by case when purpose is null then 1 else 0 end, run_date desc
    ) = 1

),

rated as (

    {{ effect_rates('counted', keys, rule('effect_rules', 'confidence_z')) }}

),

measured as (

    select
        *,
        case when uplift is not null then 'orders' when retention_uplift is not null then 'retention' end as measure,
        coalesce(uplift, retention_uplift) as effect,
        case when uplift is not null then uplift_low else retention_uplift_low end as effect_low,
        case when uplift is not null then uplift_high else retention_uplift_high end as effect_high
    from rated

)

select
    measured.list_name,
    purposes.purpose,
    measured.offer_code,
    measured.channel,
    measured.segment,
    measured.first_run_date,
    measured.last_run_date,
    cast(measured.runs as bigint) as runs,
    measured.targeted_treated,
    measured.targeted_control,
    measured.contacted_treated,
    cast(measured.cost_amount as decimal(18, 2)) as cost_amount,
    measured.response_rate_treated,
    measured.retention_rate_treated,
    measured.uplift,
    measured.uplift_low,
    measured.uplift_high,
    measured.retention_uplift,
    measured.retention_uplift_low,
    measured.retention_uplift_high,
    measured.measure,
    measured.effect,
    measured.effect_low,
    measured.effect_high,
    coalesce({{ rounded('measured.effect_low', 6) }} > 0, false) as is_proven,
    cast(
        row_number() over (
            partition by measured.segment
            order by
                -- Not by the last digits of a root.
                {{ rounded('measured.effect_low', 6) }} desc nulls last,
                measured.list_name asc,
                measured.offer_code asc,
                measured.channel asc
        ) as bigint
    ) as rank
from measured
left join purposes on measured.list_name = purposes.list_name
