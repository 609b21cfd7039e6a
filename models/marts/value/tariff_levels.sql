-- Mid/high-end lines cut in five by what they spend, with the amount that matches each fifth, the one that would lift it, and
-- the plan on sale whose fee lies nearest.
with

levels as (

    select
        arpu_3m,
        ntile(5) over (order by arpu_3m, subscriber_id) as level
    from {{ ref('fct_value_months') }}
    where month = {{ last_billed_month() }} and is_mid_high_end

),

matched as (

    select
        level,
        count(*) as subscribers,
        min(arpu_3m) as arpu_from,
        max(arpu_3m) as arpu_to,
        cast(
            {{ rounded('percentile_cont(0.5) within group (order by cast(arpu_3m as double))', 2) }} as decimal(18, 2)
        ) as matched_amount
    from levels
    group by level

),

fitted as (

    select
        matched.*,
        plans.plan_code
    from matched
    left join {{ ref('dim_plans') }} as plans on plans.is_on_sale and plans.monthly_fee is not null
    qualify row_number() over (
        partition by matched.level
        order by abs(plans.monthly_fee - matched.matched_amount), plans.monthly_fee, plans.plan_code
    ) = 1

)

select
    cast(level as integer) as level,
    cast(subscribers as bigint) as subscribers,
    arpu_from,
    arpu_to,
    matched_amount,
    cast({{ rounded('matched_amount * ' ~ rule('value_rules', 'incentive_factor'), 2) }} as decimal(18, 2)) as incentive_amount,
    plan_code
from fitted
