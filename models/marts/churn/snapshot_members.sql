-- Only months whose bills are in: spend decides. A view: members x months are many, and what is read of all of them is counts.
{{ config(materialized='view', access='protected', meta={'public': false}) }}
with

months as (

    select month from {{ ref('dim_months') }}
    where is_billed

),

members as (

    select
        scored.month as cohort_month,
        scored.subscriber_id,
        coalesce(lines.region_code, 'unknown') as region_code,
        coalesce(lines.county_code, 'unknown') as county_code,
        coalesce(lines.manager_id, 'unknown') as manager_id
    from {{ ref('fct_value_months') }} as scored
    inner join {{ ref('dim_subscribers') }} as lines on scored.subscriber_id = lines.subscriber_id
    where scored.is_mid_high_end

),

lows as (

    select
        subscriber_id,
        month,
        is_on_net_end,
        sum(case
            when not was_on_net
                or arpu_amount < {{ rule('churn_rules', 'retention_low_arpu') }}
                or mou_minutes < {{ rule('churn_rules', 'retention_low_mou') }} then 1
            else 0
        end) over (partition by subscriber_id order by month) as low_months_so_far
    from {{ ref('fct_subscriber_months') }}
    where month <= {{ last_billed_month() }} and not is_after_churn and subscriber_id in (select subscriber_id from members)

),

-- The snapshot of a month is the cohort of the December before it, or the first cohort where that is later.
first_cohort as (

    select min(cohort_month) as month from members

),

followed as (

    select
        members.*,
        months.month,
        members.cohort_month = greatest(
            first_cohort.month, cast({{ dbt.dateadd('month', -1, dbt.date_trunc('year', 'months.month')) }} as date)
        ) as is_snapshot,
        -- A line without a row churned in an earlier month.
        coalesce(
            not later.is_on_net_end
            or later.low_months_so_far - start.low_months_so_far >= {{ rule('churn_rules', 'retention_low_months') }}, true
        ) as is_lost
    from members
    inner join months on members.cohort_month < months.month
    cross join first_cohort
    inner join lows as start
        on members.subscriber_id = start.subscriber_id
        and members.cohort_month = start.month
    left join lows as later
        on members.subscriber_id = later.subscriber_id
        and months.month = later.month

)

select * from followed
