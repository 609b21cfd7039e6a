-- What each line on the network would have paid on every plan on sale for what it used in the last three billed months, its best
-- plan by that, and what a change to it would do. Use is summed up by line first: lines x plans stream into one row a line.
{% set month = last_billed_month() %}
{% set uses = {
    'minutes': ('greatest(facts.outgoing_minutes - facts.roaming_minutes, 0)', 'overage_fee_per_minute'),
    'mb': ('facts.dou_mb', 'overage_fee_per_mb'),
    'messages': ('facts.messages_sent', 'overage_fee_per_message'),
} %}
{% set billed = ['rental', 'voice_local', 'voice_long_distance', 'messaging', 'data'] %}
{# What nothing was used of beyond the allowance costs nothing, also where its rate is not known. #}
{% set cost = ['months_counted * monthly_fee'] %}
{% for use in uses %}
    {%- do cost.append('case when ' ~ use ~ '_beyond = 0 then 0 else ' ~ use ~ '_beyond * ' ~ use ~ '_rate end') -%}
{% endfor %}
with

lines as (

    select
        facts.subscriber_id,
        subscribers.plan_code,
        cast(count(*) as integer) as months_counted,
        cast({{ rounded(ratio('sum(facts.' ~ billed | join('_amount + facts.') ~ '_amount)', 'count(*)'), 2) }} as decimal(18, 2))
            as billed_use_amount
        {%- for use, (used, _) in uses.items() %}{% for back in range(3) %},
        cast(sum(case when facts.month = {{ months_before(month, back) }} then {{ used }} else 0 end) as double)
            as {{ use }}_{{ back }}
        {%- endfor %}{% endfor %}
    from {{ ref('fct_subscriber_months') }} as facts
    inner join {{ ref('dim_subscribers') }} as subscribers on facts.subscriber_id = subscribers.subscriber_id
    where facts.month between {{ months_before(month, 2) }} and {{ month }}
        and facts.is_on_net_opening and facts.is_on_net_end and subscribers.is_on_net
        -- Out of service a line uses less than it would, and its rental is cut.
        and not exists (
            select statuses.subscriber_id from {{ ref('int_subscribers__status_periods') }} as statuses
            where statuses.subscriber_id = facts.subscriber_id and statuses.status_code <> 'active'
                and statuses.from_date <= {{ month_end('facts.month') }} and statuses.to_date > facts.month
        )
    group by facts.subscriber_id, subscribers.plan_code

),

-- Where the catalogue is silent on what is included, nobody knows what is beyond it, unless all use is free.
plans as (

    select
        plan_code,
        is_on_sale,
        cast(monthly_fee as double) as monthly_fee
        {%- for use, (_, rate) in uses.items() %},
        cast(coalesce(included_{{ use }}, 0) as double) as included_{{ use }},
        cast(case when included_{{ use }} is not null or {{ rate }} = 0 then {{ rate }} end as double) as {{ use }}_rate
        {%- endfor %},
        row_number() over (order by monthly_fee, plan_code) as place
    from {{ ref('dim_plans') }}
    where monthly_fee is not null

),

beyond as (

    select
        lines.subscriber_id,
        lines.months_counted,
        plans.plan_code,
        case when plans.plan_code = lines.plan_code then 0 else plans.place end as place,
        plans.monthly_fee
        {%- for use in uses %},
        plans.{{ use }}_rate,
        {%- for back in range(3) %}
        greatest(lines.{{ use }}_{{ back }} - plans.included_{{ use }}, 0){{ " +" if not loop.last }}
        {%- endfor %} as {{ use }}_beyond
        {%- endfor %}
    from lines
    cross join plans
    where plans.is_on_sale or plans.plan_code = lines.plan_code

),

priced as (

    select
        subscriber_id,
        plan_code,
        place,
        -- As macro rounded, in half its width: of lines x plans every step counts.
        cast(round(cast(({{ cost | join(' + ') }}) / months_counted as decimal(18, 8)), 2) as decimal(18, 2)) as cost_amount
    from beyond

),

-- Of plans at one price the present one, of place 0, goes first, then the others by place: it stands below the cent.
best as (

    select
        subscriber_id,
        max(case when place = 0 then cost_amount end) as plan_cost_amount,
        min(cost_amount) as best_plan_cost_amount,
        min_by(plan_code, cost_amount + place * 0.0000001) as best_plan_code
    from priced
    group by subscriber_id

)

select
    lines.subscriber_id,
    lines.plan_code,
    lines.months_counted,
    lines.billed_use_amount,
    best.plan_cost_amount,
    best.best_plan_code,
    best.best_plan_cost_amount,
    cast(best.plan_cost_amount - best.best_plan_cost_amount as decimal(18, 2)) as saving_amount,
    cast(case when best.best_plan_code = lines.plan_code then 0 else best.best_plan_cost_amount - lines.billed_use_amount end
        as decimal(18, 2)) as revenue_effect_amount
from lines
left join best on lines.subscriber_id = best.subscriber_id
