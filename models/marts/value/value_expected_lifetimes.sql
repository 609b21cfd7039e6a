-- How long a line of a tenure and ARPU band is expected to remain: one over its monthly churn rate, a third of the three months'.
-- A cell with too few lines takes the rate of its tenure band, and that of all where the band has too few.
{% set enough = rule('value_rules', 'min_cell_subscribers') %}
with

base as (

    select
        coalesce(tenure_band, 'unknown') as tenure_band,
        coalesce(arpu_band, 'unknown') as arpu_band,
        is_churned
    from {{ ref('fct_churn_base') }}

),

counted as (

    select
        tenure_band,
        arpu_band,
        grouping(arpu_band) + grouping(tenure_band) as level,
        sum(case when is_churned then 1 else 0 end) as churned,
        sum(case when is_churned then 0 else 1 end) as on_net
    from base
    group by grouping sets ((tenure_band, arpu_band), (tenure_band), ())

),

cells as (

    select
        cells.tenure_band,
        cells.arpu_band,
        cells.on_net as on_net_end,
        cells.churned,
        case
            when cells.on_net >= {{ enough }} then cells.churned / nullif(3 * cells.on_net, 0)
            when tenures.on_net >= {{ enough }} then tenures.churned / nullif(3 * tenures.on_net, 0)
            else total.churned / nullif(3 * total.on_net, 0)
        end as monthly_churn_rate
    from counted as cells
    inner join counted as tenures
        on cells.tenure_band = tenures.tenure_band
        and tenures.level = 1
    inner join counted as total on total.level = 2
    where cells.level = 0

),

expected as (

    select
        tenure_band,
        arpu_band,
        cast(on_net_end as bigint) as on_net_end,
        cast(churned as bigint) as churned,
        cast(monthly_churn_rate as double) as monthly_churn_rate,
        cast(case
            when monthly_churn_rate > 0
                then least(1 / monthly_churn_rate, {{ rule('value_rules', 'max_remaining_months') }})
            else {{ rule('value_rules', 'max_remaining_months') }}
        end as double) as expected_remaining_months
    from cells

)

select * from expected
