-- What each line was worth at each month's end, with every class and flag that follows. Only months that changed are built.
{% set to_build = built_by_month('value_month_sources') %}
with

medians as (

    select
        month,
        percentile_cont(0.5) within group (order by cast(realised_value as double)) as realised_median,
        percentile_cont(0.5) within group (order by cast(potential_value as double)) as potential_median
    from {{ ref('fct_value_months') }}
    where {{ in_months('month', to_build) }}
    group by month

),

points as (

    select
        loyalty.subscriber_id,
        loyalty.points_year,
        levels.band as vip_level
    from {{ ref('fct_loyalty_points') }} as loyalty
    inner join {{ bands('vip_levels') }} as levels
        on {{ in_band('loyalty.points_earned', 'levels') }}

),

incomes as (

    select
        month,
        customer_id,
        percent_rank() over (partition by month order by annual_income) as income_rank
    from (
        select distinct
            scored.month,
            scored.customer_id,
            customers.annual_income
        from {{ ref('fct_value_months') }} as scored
        inner join {{ ref('int_subscribers__customers_counted') }} as customers on scored.customer_id = customers.customer_id
        where customers.annual_income is not null and {{ in_months('scored.month', to_build) }}
    ) as known

),

classed as (

    select
        scored.month,
        scored.subscriber_id,
        scored.arpu_3m,
        scored.mou_3m,
        scored.dou_3m,
        scored.outgoing_3m,
        scored.calls_3m,
        scored.messages_3m,
        scored.arpu_band,
        scored.arpu_trend,
        scored.realised_value,
        scored.potential_value,
        scored.influence_score,
        scored.expected_remaining_months,
        scored.value_score,
        scored.value_tier,
        scored.value_class,
        points.vip_level,
        case
            when scored.realised_value >= medians.realised_median
                then case when scored.potential_value >= medians.potential_median then 'star' else 'cash' end
            when scored.potential_value >= medians.potential_median then 'growth'
            else 'basic'
        end as value_quadrant,
        activity.activity_score,
        grades.band as activity_grade,
        scored.is_mid_high_end,
        scored.is_high_influence,
        coalesce(incomes.income_rank >= {{ rule('value_rules', 'top_percent_rank') }}, false) as is_high_income,
        scored.value_class = 'high' as is_high_value,
        sources.source_fingerprint
    from {{ ref('fct_value_months') }} as scored
    left join {{ ref('value_month_sources') }} as sources on scored.month = sources.month
    inner join medians on scored.month = medians.month
    inner join {{ ref('activity_scores') }} as activity
        on scored.subscriber_id = activity.subscriber_id
        and scored.month = activity.month
        and {{ in_months('activity.month', to_build) }}
    left join {{ bands('activity_grades') }} as grades
        on {{ in_band('activity.activity_score', 'grades') }}
    left join points
        on scored.subscriber_id = points.subscriber_id
        -- The last calendar year that had ended by the month's end.
        and extract(year from {{ dbt.dateadd('month', 1, 'scored.month') }}) - 1 = points.points_year
    left join incomes
        on scored.customer_id = incomes.customer_id
        and scored.month = incomes.month

)

select * from classed
