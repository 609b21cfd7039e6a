-- Who is on a plan, what it brings and whom it loses: the whole picture of a plan.
with

lines as (

    select
        lines.plan_code,
        sum(case when lines.is_on_net then 1 else 0 end) as on_net_lines,
        cast({{ rounded(ratio('sum(worth.arpu_3m)', 'count(worth.arpu_3m)'), 4) }} as decimal(18, 4)) as mean_arpu_3m
    from {{ ref('dim_subscribers') }} as lines
    left join {{ ref('subscriber_value') }} as worth on lines.subscriber_id = worth.subscriber_id
    group by lines.plan_code

),

churn as (

    select * from {{ ref('churn_by_plan_tenure') }}
    where is_tenure_total and not is_plan_total

),

quality as (

    select * from {{ ref('sales_quality') }}
    where entity = 'plan'

),

-- A plan may fit several levels of spending; they follow each other.
fits as (

    select
        plan_code,
        min(level) as fit_level_from,
        max(level) as fit_level_to
    from {{ ref('tariff_levels') }}
    group by plan_code

)

select
    plans.plan_code,

    ---------- profile
    plans.plan_name,
    plans.brand_code,
    plans.network_generation,
    plans.monthly_fee,
    plans.is_on_sale,
    fits.fit_level_from,
    fits.fit_level_to,

    ---------- lines
    cast(coalesce(lines.on_net_lines, 0) as bigint) as on_net_lines,
    lines.mean_arpu_3m,

    ---------- churn
    churn.churn_rate as churn_rate_3m,
    coalesce(churn.is_high_churn_plan, false) as is_high_churn_plan,

    ---------- sales quality
    coalesce(quality.new_subscribers, 0) as new_subscribers,
    coalesce(quality.is_flagged, false) as is_sales_flagged
from {{ ref('dim_plans') }} as plans
left join lines on plans.plan_code = lines.plan_code
left join churn on plans.plan_code = churn.plan_code
left join quality on plans.plan_code = quality.code
left join fits on plans.plan_code = fits.plan_code
