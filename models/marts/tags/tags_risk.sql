-- How near a line is to leaving and what gives it away: scores as at the end of the last complete month, alerts and inactivity as
-- at the business date. Every line has a row: one that is off-net raises no alert, is not inactive and not at risk, it has left.
{% set alert_codes = ['zero_usage', 'low_balance', 'forwarding_offnet', 'competitor_hotline', 'arrears_suspension',
    'voluntary_suspension', 'pre_termination', 'negative_survey', 'usage_drop', 'calls_moving_offnet', 'no_charges', 'arpu_drop',
    'mou_drop', 'contract_ending', 'overage', 'birthday'] %}
{% set severities = ['low', 'medium', 'high', 'critical'] %}
with

lines as (

    select
        subscriber_id,
        is_on_net
    from {{ ref('dim_subscribers') }}

),

-- A line that never used or paid anything has been without for ever.
inactivity as (

    select
        days.*,
        least(days.days_since_use, days.days_since_payment) as inactive_days,
        bands.band as inactivity_band
    from {{ ref('inactivity') }} as days
    left join {{ bands('inactivity_bands') }} as bands
        on {{ in_band('coalesce(least(days.days_since_use, days.days_since_payment), 999999)', 'bands') }}

),

alerts as (

    select
        subscriber_id,
        {%- for code in alert_codes %}
        bool_or(alert_code = '{{ code }}') as has_alert_{{ code }},
        {%- endfor %}
        count(*) as alert_count,
        bool_or(cadence = 'daily') as has_daily_alert,
        max(case severity
            {%- for severity in severities %}
            when '{{ severity }}' then {{ loop.index }}
            {%- endfor %}
        end) as gravest
    from {{ ref('alerts') }}
    group by subscriber_id

),

exceptions as (

    select
        subscriber_id,
        kind,
        since_date
    from {{ ref('exception_pool') }}
    where month = {{ last_complete_month() }}
        -- A line without charges keeps its place until the next month is billed.
        or month = {{ last_billed_month() }} and kind = 'no_charges'
    qualify row_number() over (partition by subscriber_id order by month desc) = 1

)

select
    lines.subscriber_id,

    ---------- scores
    risk.group_rate_score,
    risk.health_tariff,
    risk.health_service_use,
    risk.health_service_quality,
    risk.health_call_circle,
    risk.tenure_30_probability,
    scores.warning_zone,
    scores.value_loss_probability,
    scores.score_month as value_loss_score_month,
    {%- for place in [1, 2, 3] %}
    scores.warning_reason_{{ place }},
    {%- endfor %}
    scores.warning_reasons,
    scores.warning_reasons_zh,
    -- A zone is of the last complete month: who has left since then is at risk no longer.
    lines.is_on_net and coalesce({{ is_warned('scores.warning_zone') }}, false)
    or coalesce(alerts.gravest >= {{ severities.index('high') + 1 }}, false) as is_at_risk,

    ---------- inactivity
    inactivity.inactive_days,
    inactivity.inactivity_band,
    {%- for days in [30, 60, 90] %}
    coalesce(inactivity.is_inactive_{{ days }}d, false) as is_inactive_{{ days }}d,
    coalesce(inactivity.is_inactive_{{ days }}d, false) as inactive_{{ days }},
    {%- endfor %}

    ---------- alerts
    {%- for code in alert_codes %}
    coalesce(alerts.has_alert_{{ code }}, false) as has_alert_{{ code }},
    {%- endfor %}
    coalesce(alerts.alert_count, 0) as alert_count,
    coalesce(alerts.has_daily_alert, false) as has_daily_alert,
    case alerts.gravest
        {%- for severity in severities %}
        when {{ loop.index }} then '{{ severity }}'
        {%- endfor %}
    end as alert_severity,

    ---------- exceptions
    exceptions.kind as exception_kind,
    exceptions.since_date as exception_since_date
from lines
left join {{ ref('subscriber_risk') }} as risk on lines.subscriber_id = risk.subscriber_id
left join {{ ref('value_loss_warning') }} as scores on risk.subscriber_id = scores.subscriber_id
left join inactivity on lines.subscriber_id = inactivity.subscriber_id
left join alerts on lines.subscriber_id = alerts.subscriber_id
left join exceptions on lines.subscriber_id = exceptions.subscriber_id
