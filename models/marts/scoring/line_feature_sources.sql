-- What each month's features are made from: a fingerprint of the months of its lines that they look back on, of what the register
-- and the catalogues say, of circles, of what passed between lines and the operator, and of how they stood at its end.
{{ config(access='private', meta={'public': false}) }}
{% set told = {
    'fct_complaints': ('opened_at', ['complaint_id', 'subscriber_id', 'opened_at']),
    'fct_surveys': ('surveyed_at', ['survey_id', 'subscriber_id', 'score', 'nps_class']),
    'fct_contacts': ('contact_date', ['contact_id', 'subscriber_id', 'direction', 'outcome']),
} %}
{% set stands = [
    'subscriber_id', 'days_to_contract_end', 'service_classes', 'services_running', 'service_fees', 'groups_joined', 'months_of_handset',
    'handset_price', 'is_suspended', 'days_in_status',
] %}
with

held as (

    select * from {{ ref('fct_month_hashes') }}

),

-- Eight months: six of use, and as many more as money lies behind.
windows as (

    select
        held.month,
        {{ dbt.listagg(
            "concat(before.month, ' ', before.source_fingerprint, ' ', before.traits_hash, ' ', months.is_billed)", "'; '",
            'order by before.month'
        ) }} as months_told
    from held
    inner join held as before
        on held.month >= before.month
        and cast({{ dbt.dateadd('month', -7, 'held.month') }} as date) <= before.month
    inner join {{ ref('dim_months') }} as months on before.month = months.month
    group by held.month
    -- Before three months are held nobody can be compared with the past.
    having count(*) >= 3

),

touches as (

    {% for model, (event, columns) in told.items() %}
    select
        '{{ model }}' as told_in,
        {{ month_of(event) }} as event_month,
        cast({{ set_hash(columns) }} as {{ dbt.type_string() }}) as rows_hash
    from {{ ref(model) }}
    group by {{ month_of(event) }}
    {{ "union all" if not loop.last }}
    {% endfor %}

),

touched as (

    select
        held.month,
        {{ dbt.listagg("concat(touches.told_in, ' ', touches.event_month, ' ', touches.rows_hash)", "'; '",
            'order by touches.told_in, touches.event_month') }} as touches_told
    from held
    inner join touches
        on held.month >= touches.event_month
        and cast({{ dbt.dateadd('month', -5, 'held.month') }} as date) <= touches.event_month
    group by held.month

),

states as (

    select
        month,
        {{ set_hash(stands) }} as states_hash
    from {{ ref('line_states') }}
    group by month

),

kept as (

    select
        month,
        {{ set_hash(['is_sampled', 'subscriber_id']) }} as lines_hash
    from {{ ref('feature_lines') }}
    group by month

),

plans as (

    select {{ set_hash(['plan_code', 'brand_code', 'monthly_fee', 'included_minutes', 'included_mb']) }} as plans_hash
    from {{ ref('dim_plans') }}

)

select
    windows.month,
    {{ fingerprint_of([
        'windows.months_told', 'circles.source_fingerprint', 'touched.touches_told', 'states.states_hash', 'kept.lines_hash',
        'plans.plans_hash', seed_text('scoring_rules', ['rule', 'value']), seed_text('churn_rules', ['rule', 'value']),
        seed_text('alert_rules', ['alert_code', 'threshold']),
    ]) }} as source_fingerprint
from windows
cross join plans
left join {{ ref('int_network__circle_sources') }} as circles on windows.month = circles.month
left join touched on windows.month = touched.month
left join states on windows.month = states.month
left join kept on windows.month = kept.month
