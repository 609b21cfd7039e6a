-- What each line that is on-net at the end of the last billed month is worth: what it brought, what it is expected to bring,
-- and whom it takes along. subscriber_value_months holds the same for every month.
select
    subscriber_id,
    arpu_3m,
    mou_3m,
    dou_3m,
    outgoing_3m,
    calls_3m,
    messages_3m,
    arpu_band,
    arpu_trend,
    realised_value,
    potential_value,
    influence_score,
    expected_remaining_months,
    value_score,
    value_tier,
    value_class,
    vip_level,
    value_quadrant,
    activity_score,
    activity_grade,
    is_mid_high_end,
    is_high_influence,
    is_high_income,
    is_high_value
from {{ ref('subscriber_value_months') }}
where month = {{ last_billed_month() }}
