-- The operator's own lines in each line's effective circle at each month's end, and how many of them had left by then.
{{ config(materialized='view', access='private', meta={'public': false}) }}
with

peers as (

    select
        circles.month,
        circles.subscriber_id,
        case when stays.is_on_net then 0 else 1 end as is_lost
    from {{ ref('int_network__effective_circles') }} as circles
    inner join {{ ref('fct_stays') }} as stays
        on circles.peer_subscriber_id = stays.subscriber_id
        and {{ month_end('circles.month') }} >= stays.from_date
        and {{ month_end('circles.month') }} < stays.to_date

)

select
    month,
    subscriber_id,
    count(*) as circle_lines,
    cast(sum(is_lost) as bigint) as peers_lost,
    {{ ratio('sum(is_lost)', 'count(*)') }} as peers_lost_share
from peers
group by month, subscriber_id
