-- How likely each line is to lose value in the two months after the month scored, the zone that follows from it, and why.
with

-- Of the last month scored: the last complete one, unless scoring failed.
scores as (

    select * from {{ ref('stg_ledger__value_loss_scores') }}
    where month = (select max(month) from {{ ref('stg_ledger__value_loss_scores') }})

)

select
    scores.subscriber_id,
    scores.month as score_month,
    scores.probability as value_loss_probability,
    case when scores.probability is null then 'white' else zones.band end as warning_zone,
    scores.reason_1 as warning_reason_1,
    scores.reason_2 as warning_reason_2,
    scores.reason_3 as warning_reason_3,
    scores.reasons_en as warning_reasons,
    scores.reasons_zh as warning_reasons_zh,
    scores.model_version
from scores
left join {{ bands('warning_zones') }} as zones
    on {{ in_band('scores.probability', 'zones') }}
