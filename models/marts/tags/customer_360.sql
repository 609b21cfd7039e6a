-- The whole picture of a customer: who it is, what its lines are worth together, and what is the matter with any of them.
with

lines as (

    select
        lines.customer_id,
        sum(case when risk.alert_count > 0 then 1 else 0 end) as lines_with_alerts,
        bool_or(risk.is_at_risk) as has_at_risk_line,
        bool_or(contact.has_suppression) as has_suppressed_line,
        bool_or(lines.group_id is not null) as has_group_line
    from {{ ref('dim_subscribers') }} as lines
    inner join {{ ref('tags_risk') }} as risk on lines.subscriber_id = risk.subscriber_id
    inner join {{ ref('tags_contact') }} as contact on lines.subscriber_id = contact.subscriber_id
    where lines.is_on_net
    group by lines.customer_id

)

select
    customers.customer_id,

    ---------- who
    customers.customer_type,
    customers.age_band,
    customers.birth_month,
    customers.income_band,
    customers.region_code,
    customers.county_code,

    ---------- lines
    customers.subscriber_count,
    customers.on_net_subscriber_count,
    coalesce(lines.has_group_line, false) as has_group_line,

    ---------- value
    worth.realised_value,
    worth.value_tier,
    worth.service_layer,

    ---------- care
    cast(coalesce(lines.lines_with_alerts, 0) as bigint) as lines_with_alerts,
    coalesce(lines.has_at_risk_line, false) as has_at_risk_line,
    coalesce(lines.has_suppressed_line, false) as has_suppressed_line
from {{ ref('dim_customers') }} as customers
left join {{ ref('customer_value') }} as worth on customers.customer_id = worth.customer_id
left join lines on customers.customer_id = lines.customer_id
