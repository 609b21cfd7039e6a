-- Churn over the last three complete months by region.
select
    coalesce(lines.region_code, 'unknown') as region_code,
    max(lines.region_name) as region_name,
    cast(sum(case when base.is_churned then 1 else 0 end) as bigint) as churned,
    cast(sum(case when base.is_churned then 0 else 1 end) as bigint) as on_net_end,
    {{ churn_rate('base.is_churned') }} as churn_rate
from {{ ref('fct_churn_base') }} as base
inner join {{ ref('dim_subscribers') }} as lines on base.subscriber_id = lines.subscriber_id
where base.month = {{ last_complete_month() }}
group by 1
