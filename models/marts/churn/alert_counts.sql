-- How often each alert would have been raised at each past month end, at its threshold and at others, and for how many who then
-- left: every value class of the lines has a row, also where nothing was raised. Beside them all alerts together, and the severe
-- ones. Only months that changed are built.
{{ config(access='private', meta={'public': false}) }}
{% set to_build = built_by_month('alert_replay_sources') %}
{% set conditions = alert_conditions('last_day', "coalesce(statuses_taken, '') like '%CODE%'") %}
{# The figure that must be known of some line. Of the last 7 days before a month's end nothing is kept. #}
{% set figures = {
    'usage_drop': 'null', 'calls_moving_offnet': 'null', 'low_balance': 'balance_amount', 'negative_survey': 'lowest_score',
    'arpu_drop': 'arpu_trend', 'mou_drop': 'mou_trend', 'contract_ending': 'latest_contract_end',
    'overage': 'coalesce(minutes_saturation, data_saturation)', 'birthday': 'birth_month',
} %}
{% set severe = "(select max(severity) from " ~ ref('alert_rules') ~ " where alert_code = 'CODE') in ('high', 'critical')" %}
with

thresholds as (

    select * from {{ ref('alert_thresholds') }}

),

replays as (

    select * from {{ ref('alert_replays') }}
    where {{ in_months('month', to_build) }}

),

raised as (

    {% for code, condition in conditions.items() if figures[code] != 'null' %}
    select replays.month, thresholds.alert_code, thresholds.threshold, replays.value_class, replays.days_to_leaving
    from replays
    inner join thresholds on thresholds.alert_code = '{{ code }}'
    where {{ condition }}
    union all
    {% endfor %}
    {%- for scope in ['any', 'any_severe'] %}
    select month, '{{ scope }}' as alert_code, cast(0 as decimal(18, 6)) as threshold, value_class, days_to_leaving
    from replays
    where
        {%- for code, condition in conditions.items() if figures[code] != 'null' %}
        {{ "or " if not loop.first }}({{ condition | replace('threshold', alert_threshold(code)) }}
        and {{ severe | replace('CODE', code) if scope == 'any_severe' else alert_threshold(code) ~ ' is not null' }})
        {%- endfor %}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

counted as (

    {%- for class in ['value_class', "'all'"] %}
    select
        month,
        alert_code,
        threshold,
        {{ class }} as value_class,
        count(*) as raised,
        count(days_to_leaving) as raised_leavers,
        sum(days_to_leaving) as days_ahead
    from raised
    group by month, alert_code, threshold{{ ", value_class" if loop.first }}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

classes as (

    {%- for class in ['value_class', "'all'"] %}
    select
        month,
        {{ class }} as value_class,
        count(*) as lines,
        count(days_to_leaving) as leavers
    from replays
    group by month{{ ", value_class union all" if loop.first }}
    {%- endfor %}

),

known as (

    select
        month
        {%- for code, figure in figures.items() %},
        count({{ figure }}) > 0 as {{ code }}
        {%- endfor %}
    from replays
    group by month

)

select
    thresholds.*,
    classes.*,
    case thresholds.alert_code
        {%- for code in figures %}
        when '{{ code }}' then known.{{ code }}
        {%- endfor %}
        else true
    end as is_replayed,
    cast(coalesce(counted.raised, 0) as bigint) as raised,
    cast(coalesce(counted.raised_leavers, 0) as bigint) as raised_leavers,
    cast(coalesce(counted.days_ahead, 0) as bigint) as days_ahead,
    sources.source_fingerprint
from thresholds
cross join classes
inner join known on classes.month = known.month
inner join {{ ref('alert_replay_sources') }} as sources on classes.month = sources.month
left join counted
    on classes.month = counted.month
    and thresholds.alert_code = counted.alert_code
    and thresholds.threshold = counted.threshold
    and classes.value_class = counted.value_class
