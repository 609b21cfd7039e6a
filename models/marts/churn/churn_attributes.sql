-- Lines of the churn base at the end of the last complete month with the attributes that group rates go by; a null is a cell
-- of its own.
{{ config(materialized='view', meta={'public': false}) }}
select
    base.subscriber_id,
    base.is_churned,
    coalesce(base.plan_code, 'unknown') as plan_code,
    coalesce(lines.brand_code, 'unknown') as brand_code,
    coalesce(lines.number_class, 'unknown') as number_class,
    case
        when coalesce(base.offnet_share_3m, 0) = 0 then 'none'
        when {{ comparable('base.offnet_share_3m') }} < {{ rule('churn_rules', 'offnet_low_share') }} then 'low'
        when {{ comparable('base.offnet_share_3m') }} <= {{ rule('churn_rules', 'offnet_high_share') }} then 'mid'
        else 'high'
    end as offnet_band
from {{ ref('fct_churn_base') }} as base
inner join {{ ref('dim_subscribers') }} as lines on base.subscriber_id = lines.subscriber_id
where base.month = {{ last_complete_month() }}
