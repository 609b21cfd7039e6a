-- Which plan and bundle suit a line by what it used and spent, for every line on the network.
select
    lines.subscriber_id,
    fit.best_plan_code,
    fit.saving_amount as saving_on_best_plan,
    bundles.bundle_fee_level,
    bundles.bundle_incentive_level
from {{ ref('dim_subscribers') }} as lines
left join {{ ref('plan_fit') }} as fit on lines.subscriber_id = fit.subscriber_id
left join {{ ref('line_bundles') }} as bundles on lines.subscriber_id = bundles.subscriber_id
