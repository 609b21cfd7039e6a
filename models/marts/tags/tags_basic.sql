-- Who a line is: its state, tenure, plan, number and place, whose it is, who sold it and who looks after it.
with

lines as (

    select * from {{ ref('dim_subscribers') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

)

select
    ---------- ids
    lines.subscriber_id,
    lines.customer_id,

    ---------- state
    lines.is_on_net,
    lines.status_code,
    lines.activation_date,
    lines.churn_date,
    lines.churn_type,
    lines.tenure_months,
    lines.tenure_band,

    ---------- plan
    lines.plan_code,
    lines.plan_name,
    lines.brand_code,
    lines.payment_type,

    ---------- number and place
    lines.number_class,
    lines.is_real_name,
    lines.region_code,
    lines.region_name,
    lines.county_code,
    lines.county_name,

    ---------- customer
    customers.customer_type,
    customers.gender,
    customers.age_band,
    customers.income_band,
    customers.subscriber_count as customer_line_count,
    customers.on_net_subscriber_count as customer_on_net_line_count,

    ---------- sale and care
    lines.outlet_id,
    lines.manager_id,
    lines.manager_id is not null as has_manager,

    ---------- group
    lines.group_id,
    lines.group_level,
    lines.member_role,
    lines.group_id is not null as is_group_member,
    coalesce(lines.member_role = 'key_person', false) as is_key_person
from lines
left join customers on lines.customer_id = customers.customer_id
