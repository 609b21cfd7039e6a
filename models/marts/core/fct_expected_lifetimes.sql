-- How long a line of a tenure and ARPU band is expected to remain, at each month's end: one over its monthly churn rate, a
-- third of the three months'. A cell with too few lines takes the rate of its tenure band, and that of all where the band has
-- too few. Only months whose bills are in: the bands are bands of money. Only months that changed are built.
{% set to_build = built_by_month('fct_lifetime_sources') %}
{% set enough = rule('value_rules', 'min_cell_subscribers') %}
with

base as (

    select
        month,
        coalesce(tenure_band, 'unknown') as tenure_band,
        coalesce(arpu_band, 'unknown') as arpu_band,
        is_churned
    from {{ ref('fct_churn_base') }}
    where month <= {{ last_billed_month() }} and {{ in_months('month', to_build) }}

),

cells as (

    select
        month,
        tenure_band,
        arpu_band,
        sum(case when is_churned then 1 else 0 end) as churned,
        sum(case when is_churned then 0 else 1 end) as on_net
    from base
    group by month, tenure_band, arpu_band

),

summed as (

    select
        *,
        sum(churned) over (partition by month, tenure_band) as band_churned,
        sum(on_net) over (partition by month, tenure_band) as band_on_net,
        sum(churned) over (partition by month) as all_churned,
        sum(on_net) over (partition by month) as all_on_net
    from cells

),

rated as (

    select
        *,
        case
            when on_net >= {{ enough }} then churned / nullif(3 * on_net, 0)
            when band_on_net >= {{ enough }} then band_churned / nullif(3 * band_on_net, 0)
            else all_churned / nullif(3 * all_on_net, 0)
        end as monthly_churn_rate
    from summed

),

expected as (

    select
        month,
        tenure_band,
        arpu_band,
        cast(on_net as bigint) as on_net_end,
        cast(churned as bigint) as churned,
        cast(monthly_churn_rate as double) as monthly_churn_rate,
        cast(case
            when monthly_churn_rate > 0
                then least(1 / monthly_churn_rate, {{ rule('value_rules', 'max_remaining_months') }})
            else {{ rule('value_rules', 'max_remaining_months') }}
        end as double) as expected_remaining_months
    from rated

)

select
    expected.*,
    sources.source_fingerprint
from expected
inner join {{ ref('fct_lifetime_sources') }} as sources on expected.month = sources.month
