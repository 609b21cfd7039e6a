-- What a line likes best, by what it did in the last six complete months, how it changes handsets, and what models say that it
-- will like. Of each kind the code most used counts, of equal ones the one used last, then the lower code.
{% set kinds = [
    'device_brand', 'device_price_band', 'channel', 'contact_hours', 'service_class', 'offer_type', 'payment_channel',
] %}
with

best as (

    select * from {{ ref('fct_preference_uses') }}
    qualify row_number() over (
        partition by subscriber_id, kind order by uses desc, last_used_on desc, code asc
    ) = 1

),

preferences as (

    select
        subscriber_id,
        {%- for kind in kinds %}
        max(case when kind = '{{ kind }}' then code end) as preferred_{{ kind }},
        max(case when kind = '{{ kind }}' then uses end) as preferred_{{ kind }}_uses{{ "," if not loop.last }}
        {%- endfor %}
    from best
    group by subscriber_id

),

-- Handsets first seen in one month, such as a second one at hand, are one change.
handsets as (

    select
        subscriber_id,
        count(*) as handsets_used,
        max(case when is_present then {{ tenure_months('first_month', 'last_month') }} end) as months_on_device,
        {{ ratio(dbt.datediff('min(first_month)', 'max(first_month)', 'month'), 'count(distinct first_month) - 1') }}
            as replacement_cycle_months
    from {{ ref('fct_device_use') }}
    group by subscriber_id

)

select
    lines.subscriber_id,
    {%- for kind in kinds %}
    preferences.preferred_{{ kind }},
    preferences.preferred_{{ kind }}_uses,
    {%- endfor %}
    cast(coalesce(handsets.handsets_used, 0) as integer) as handsets_used,
    cast(handsets.months_on_device as integer) as months_on_device,
    cast({{ rounded('handsets.replacement_cycle_months', 2) }} as decimal(9, 2)) as replacement_cycle_months,

    ---------- predictions
    {%- for name in [
        'handset_change_probability', 'next_handset_price_band', 'next_handset_brand', 'preferred_service_1', 'preferred_service_2',
        'preferred_service_3', 'segment', 'handset_score_month', 'service_score_month', 'segment_score_month',
    ] %}
    predictions.{{ name }}{{ "," if not loop.last }}
    {%- endfor %}
from {{ ref('dim_subscribers') }} as lines
left join preferences on lines.subscriber_id = preferences.subscriber_id
left join handsets on lines.subscriber_id = handsets.subscriber_id
left join {{ ref('line_predictions') }} as predictions on lines.subscriber_id = predictions.subscriber_id
