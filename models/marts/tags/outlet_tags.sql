-- What an outlet sold and how well it held: the whole picture of an outlet.
with

lines as (

    select
        outlet_id,
        count(*) as lines_sold,
        sum(case when is_on_net then 1 else 0 end) as on_net_lines
    from {{ ref('dim_subscribers') }}
    group by outlet_id

),

-- The mean of the shares that are known: an outlet of postpaid lines alone has no share of missing second payments.
shares as (

    select
        *,
        cast({{ rounded(ratio(
            'coalesce(no_second_topup_share, 0) + coalesce(low_activity_share, 0) + coalesce(gone_by_month_6_share, 0)',
            'case when no_second_topup_share is null then 0 else 1 end + case when low_activity_share is null then 0 else 1 end'
            ~ ' + case when gone_by_month_6_share is null then 0 else 1 end'
        ), 6) }} as decimal(9, 6)) as weak_sales_share
    from {{ ref('sales_quality') }}
    where entity = 'outlet'

),

-- Of few new lines one alone would make an outlet weak.
quality as (

    select
        *,
        case when new_subscribers >= {{ rule('churn_rules', 'sales_min_subscribers') }} then weak_sales_share end as banded_share
    from shares

)

select
    outlets.outlet_id,

    ---------- profile
    outlets.outlet_type,
    outlets.region_code,

    ---------- sales
    coalesce(lines.lines_sold, 0) as lines_sold,
    cast(coalesce(lines.on_net_lines, 0) as bigint) as on_net_lines,
    {{ ratio('lines.lines_sold - lines.on_net_lines', 'lines.lines_sold') }} as churned_share,

    ---------- quality
    coalesce(quality.new_subscribers, 0) as new_subscribers,
    quality.no_second_topup_share,
    quality.low_activity_share,
    quality.gone_by_month_6_share,
    quality.weak_sales_share,
    bands.band as sales_quality_band,
    coalesce(quality.is_flagged, false) as is_sales_flagged
from {{ ref('dim_outlets') }} as outlets
left join lines on outlets.outlet_id = lines.outlet_id
left join quality on outlets.outlet_id = quality.code
left join {{ bands('sales_weakness_bands') }} as bands on {{ in_band('quality.banded_share', 'bands') }}
