-- What the tenure model learns from and what it judges: each line's class where it is known, and its attributes at its churn
-- date or at the business date. Lines activated 30 months ago or earlier have shown whether they reach 30 months.
{{ config(materialized='view', access='private', meta={'public': false}) }}
{% set months = rule('churn_rules', 'tenure_model_months') %}
select
    lines.subscriber_id,
    lines.is_on_net,
    case
        when {{ dbt.dateadd('month', months, 'lines.activation_date') }} <= {{ as_of_date() }}
            then lines.tenure_months >= {{ months }}
    end as reaches_tenure,
    case when lines.is_on_net then lines.plan_code else churned.plan_code end as plan_code,
    lines.brand_code,
    lines.payment_type,
    lines.number_class,
    case when lines.is_on_net then averages.arpu_band else churned.arpu_band end as arpu_band,
    customers.income_band,
    customers.customer_type,
    customers.occupation,
    lines.region_code
from {{ ref('dim_subscribers') }} as lines
left join {{ ref('fct_churn') }} as churned on lines.subscriber_id = churned.subscriber_id
left join {{ ref('fct_subscriber_averages') }} as averages
    on lines.subscriber_id = averages.subscriber_id
    and averages.month = {{ last_billed_month() }}
left join {{ ref('dim_customers') }} as customers on lines.customer_id = customers.customer_id
