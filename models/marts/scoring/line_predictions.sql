-- What models say of each line beside the value-loss warning, a row each: its next handset, the services it may take up, its
-- segment.
{% set told = {
    'handset_change': ('handset_change', 1), 'next_handset_price_band': ('handset_band', 1),
    'next_handset_brand': ('handset_brand', 1), 'preferred_service_1': ('service_uptake', 1),
    'preferred_service_2': ('service_uptake', 2), 'preferred_service_3': ('service_uptake', 3), 'segment': ('segment', 1),
} %}
with

by_line as (

    select
        subscriber_id,
        {%- for name, (purpose, place) in told.items() %}
        {%- for column in ['item', 'probability'] %}
        max(
            case when purpose = '{{ purpose }}' and place = {{ place }} then {{ column }} end
        ) as {{ name }}_{{ column }},
        {%- endfor %}
        {%- endfor %}
        -- Each model stands by itself: of those for handsets the one that lags most.
        {%- for name in ['handset', 'service', 'segment'] %}
        min(case when purpose like '{{ name }}%' then month end) as {{ name }}_score_month{{ "," if not loop.last }}
        {%- endfor %}
    from {{ ref('stg_ledger__line_scores') }}
    group by subscriber_id

)

select
    by_line.subscriber_id,
    by_line.handset_score_month,
    by_line.service_score_month,
    by_line.segment_score_month,
    by_line.handset_change_probability,
    {%- for name in told if name not in ['handset_change', 'segment'] %}
    by_line.{{ name }}_item as {{ name }},
    by_line.{{ name }}_probability,
    {%- endfor %}
    by_line.segment_item as segment,
    segments.profile_en as segment_profile,
    segments.profile_zh as segment_profile_zh
from by_line
left join {{ ref('stg_ledger__line_segments') }} as segments
    on by_line.segment_item = segments.segment
    and by_line.segment_score_month = segments.month
