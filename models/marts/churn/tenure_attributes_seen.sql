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
    coalesce(case when lines.is_on_net then lines.plan_code else churned.plan_code end, 'unknown') as plan_code,
    coalesce(lines.brand_code, 'unknown') as brand_code,
    coalesce(lines.payment_type, 'unknown') as payment_type,
    coalesce(lines.number_class, 'unknown') as number_class,
    coalesce(case when lines.is_on_net then averages.arpu_band else churned.arpu_band end, 'unknown') as arpu_band
from {{ ref('dim_subscribers') }} as lines
left join {{ ref('fct_churn') }} as churned on lines.subscriber_id = churned.subscriber_id
left join {{ ref('fct_subscriber_averages') }} as averages
    on lines.subscriber_id = averages.subscriber_id
    and averages.month = {{ last_billed_month() }}
