-- Lines off the network at the as-of date with their last churn. Plan, tenure and revenue are those at the churn date: revenue
-- over the last three months that were complete on that day.
with

churned as (

    select
        *,
        {{ month_of('churn_date') }} as churn_month,
        {{ last_month_complete_on('churn_date') }} as last_month
    from {{ ref('int_subscribers__present_state') }}
    where not is_on_net

),

explained as (

    select
        churned.subscriber_id,
        churned.churn_date,
        churned.churn_month,
        churned.churn_type,
        churned.reason_code,
        churned.tenure_months,
        churned.tenure_band,
        plans.plan_code,
        averages.arpu_3m,
        averages.arpu_band,
        values_before.value_tier as value_tier_before,
        coalesce(values_before.is_mid_high_end, false) as was_mid_high_end,
        churned.outlet_id,
        churned.region_code
    from churned
    left join {{ ref('int_subscribers__plan_periods') }} as plans
        on churned.subscriber_id = plans.subscriber_id
        and plans.start_date <= churned.churn_date
        and plans.next_start_date > churned.churn_date
    left join {{ ref('fct_subscriber_averages') }} as averages
        on churned.subscriber_id = averages.subscriber_id
        and least(churned.last_month, {{ last_billed_month() }}) = averages.month
    -- The last billed month end before the churn month, whatever day of the month the churn fell on.
    left join {{ ref('fct_value_months') }} as values_before
        on churned.subscriber_id = values_before.subscriber_id
        and least(
            cast({{ dbt.dateadd('month', -1, 'churned.churn_month') }} as date), {{ last_billed_month() }}
        ) = values_before.month

)

select * from explained
