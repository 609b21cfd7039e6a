-- Whether each line on-net at a month's end came by another handset in the three months after, and what it was. Only lines that
-- had been seen in a handset by then; null until the three months are complete.
{{ config(materialized='view', access='private', meta={'public': false}) }}
with

months as (

    select
        month,
        lead(is_complete_month, 3, false) over (order by month) as is_known
    from {{ ref('dim_months') }}

),

-- Of several first seen in one month the lower code, as the features take it.
handsets as (

    select
        subscriber_id,
        first_month,
        min(tac) as tac
    from {{ ref('fct_device_use') }}
    group by subscriber_id, first_month

),

seen as (

    select
        subscriber_id,
        min(first_month) as seen_from
    from handsets
    group by subscriber_id

),

lines as (

    select
        facts.subscriber_id,
        facts.month,
        months.is_known
    from {{ ref('fct_subscriber_months') }} as facts
    inner join months on facts.month = months.month
    inner join seen on facts.subscriber_id = seen.subscriber_id and facts.month >= seen.seen_from
    where facts.is_on_net_end and facts.is_complete_month

),

taken as (

    select
        lines.subscriber_id,
        lines.month,
        handsets.tac
    from lines
    inner join handsets
        on lines.subscriber_id = handsets.subscriber_id
        and lines.month < handsets.first_month
        and cast({{ dbt.dateadd('month', 3, 'lines.month') }} as date) >= handsets.first_month
    qualify row_number() over (
        partition by lines.subscriber_id, lines.month order by handsets.first_month desc
    ) = 1

)

select
    lines.subscriber_id,
    lines.month,
    case when lines.is_known then taken.tac is not null end as is_handset_changed,
    case when lines.is_known then price_bands.band end as next_price_band,
    case when lines.is_known then devices.device_brand end as next_brand
from lines
left join taken on lines.subscriber_id = taken.subscriber_id and lines.month = taken.month
left join {{ ref('dim_devices') }} as devices on taken.tac = devices.tac
left join {{ bands('device_price_bands') }} as price_bands
    on {{ in_band('devices.list_price', 'price_bands') }}
