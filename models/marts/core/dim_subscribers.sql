-- Every line, on the network or once on it, as of the business date. Phone numbers are not here.
with

states as (

    select * from {{ ref('int_subscribers__present_state') }}

),

plans as (

    select * from {{ ref('int_subscribers__plan_periods') }}
    where start_date <= {{ as_of_date() }}
        and next_start_date > {{ as_of_date() }}

),

groups as (

    select * from {{ ref('int_subscribers__memberships') }}
    where joined_on <= {{ as_of_date() }}
        and left_on > {{ as_of_date() }}
    qualify row_number() over (partition by subscriber_id order by show_order) = 1

),

joined as (

    select
        ---------- ids
        states.subscriber_id,
        states.customer_id,
        states.account_id,
        states.outlet_id,
        states.manager_id,

        ---------- plan
        states.brand_code,
        plans.plan_code,
        listed.plan_name,
        states.payment_type,

        ---------- life
        states.activation_date,
        states.status_code,
        states.status_date,
        states.is_on_net,
        states.churn_date,
        states.churn_type,
        states.tenure_months,
        states.tenure_band,

        ---------- attributes
        states.billing_cycle_code,
        states.number_class,
        states.is_real_name,
        states.region_code,
        regions.region_name,
        states.county_code,
        counties.county_name,
        groups.group_id,
        groups.group_level,
        groups.member_role
    from states
    left join plans on states.subscriber_id = plans.subscriber_id
    left join {{ ref('dim_plans') }} as listed on plans.plan_code = listed.plan_code
    left join {{ ref('int_subscribers__region_names') }} as regions on states.region_code = regions.region_code
    left join {{ ref('dim_regions') }} as counties
        on states.region_code = counties.region_code
        and states.county_code = counties.county_code
    left join groups on states.subscriber_id = groups.subscriber_id

)

select * from joined
