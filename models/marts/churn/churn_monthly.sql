-- The monthly churn report: how the on-net base moved in each complete month.
with

months as (

    select
        held.month,
        sum(case when facts.is_on_net_opening then 1 else 0 end) as on_net_opening,
        sum(case when facts.is_new then 1 else 0 end) as activations,
        sum(case when facts.is_reinstated then 1 else 0 end) as reinstated,
        sum(case when facts.is_churned then 1 else 0 end) as churned,
        sum(case when facts.is_on_net_end then 1 else 0 end) as on_net_end
    from {{ ref('int_subscribers__months_held') }} as held
    left join {{ ref('fct_subscriber_months') }} as facts on held.month = facts.month
    where held.is_complete_month
    group by held.month

),

years as (

    select
        month,
        {{ month_end('month') }} as last_day,
        -- The year to date begins with the first month held where that lies later.
        greatest(cast({{ dbt.date_trunc('year', 'month') }} as date), min(month) over ()) as year_start,
        sum(activations) over (partition by {{ dbt.date_trunc('year', 'month') }} order by month) as activations_ytd
    from months

),

-- One period, not a sum of months: lines off-net at the month's end that left since the year began.
churned_in_year as (

    select
        years.month,
        count(*) as churned_ytd
    from years
    inner join {{ ref('int_subscribers__stays') }} as stays
        on not stays.is_on_net
        and stays.from_date between years.year_start and years.last_day
        and stays.to_date > years.last_day
    group by years.month

),

reported as (

    select
        months.month,
        cast(months.on_net_opening as bigint) as on_net_opening,
        cast(months.activations as bigint) as activations,
        cast(months.reinstated as bigint) as reinstated,
        cast(months.churned as bigint) as churned,
        cast(months.on_net_end as bigint) as on_net_end,
        cast(months.churned / nullif(months.on_net_end, 0) as double) as churn_rate,
        cast(months.churned / nullif(months.on_net_opening, 0) as double) as opening_churn_rate,
        cast(months.on_net_end - months.on_net_opening as bigint) as net_additions,
        cast(months.churned / nullif(months.activations, 0) as double) as churn_to_new_ratio,
        cast(coalesce(churned_in_year.churned_ytd, 0) / nullif(years.activations_ytd, 0) as double) as churn_to_new_ratio_ytd
    from months
    inner join years on months.month = years.month
    left join churned_in_year on months.month = churned_in_year.month

)

select * from reported
