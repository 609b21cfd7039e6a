-- Lines count where they are registered and with whoever manages them at the business date, in every month.
{{ config(access='private', meta={'public': false}) }}
{% set asked = ['lines.customer_id', 'lines.region_code', 'lines.county_code', 'lines.is_real_name',
    "nullif(customers.gender, 'unknown')", 'customers.age_band', 'customers.occupation'] %}
{% set took = "rows.arm = 'treated'" %}
{% set at_risk = took ~ ' and rows.is_at_risk and rows.is_contacted and rows.is_kept is not null' %}
{% set promoters_less_detractors = "case rows.nps_class when 'promoter' then 100 when 'detractor' then -100 else 0 end" %}
{# By rows: their date, and by measure which of them the numerator counts, which the denominator. A sum stands for itself. #}
{% set tables = {'members': ref('list_member_outcomes'), 'surveys': ref('fct_surveys')} %}
{% set counted = {
    'mid_high_end': ('month', {'mid_high_end_subscribers': ['true', none], 'bundling_rate': ['rows.is_bundled', 'true']}),
    'months': ('month', {
        'retention_rate': ['rows.is_on_net_opening and rows.is_on_net_end', 'rows.is_on_net_opening'],
        'warning_coverage': ['rows.is_churned and rows.is_warned', 'rows.is_churned and rows.is_scored'],
    }),
    'members': ('run_date', {
        'participation_rate': [took ~ ' and rows.is_contacted', took], 'save_rate': [at_risk ~ ' and rows.is_kept', at_risk],
    }),
    'contacts': ('contact_date', {'success_rate': ['rows.has_succeeded', 'true']}),
    'surveys': ('surveyed_at', {'nps': [promoters_less_detractors, '1']}),
    'register': ('month', {'data_completeness': ['rows.filled', asked | length], 'data_accuracy': ['rows.is_real_name', 'true']}),
} %}
with

bundles as (

    select distinct months.month, contracts.subscriber_id
    from {{ ref('dim_months') }} as months
    inner join {{ ref('fct_contracts') }} as contracts
        on {{ month_end('months.month') }} between contracts.start_date and contracts.end_date

),

mid_high_end as (

    select worth.month, worth.subscriber_id, bundles.subscriber_id is not null as is_bundled
    from {{ ref('subscriber_value_months') }} as worth
    left join bundles on worth.month = bundles.month and worth.subscriber_id = bundles.subscriber_id
    where worth.is_mid_high_end

),

months as (

    select
        facts.month,
        facts.subscriber_id,
        facts.is_on_net_opening,
        facts.is_on_net_end,
        facts.is_churned,
        scores.probability is not null as is_scored,
        {{ is_warned('zones.band') }} as is_warned
    from {{ ref('fct_subscriber_months') }} as facts
    left join {{ ref('stg_ledger__value_loss_scores') }} as scores
        on facts.subscriber_id = scores.subscriber_id
        and {{ months_before('facts.month', '1') }} = scores.month
    left join {{ bands('warning_zones') }} as zones on {{ in_band('scores.probability', 'zones') }}
    where facts.is_complete_month and not facts.is_after_churn

),

contacts as (

    select contacts.contact_date, contacts.subscriber_id, contacts.manager_id, conversions.contact_id is not null as has_succeeded
    from {{ ref('fct_contacts') }} as contacts
    left join {{ ref('contact_conversions') }} as conversions on contacts.contact_id = conversions.contact_id
    where contacts.direction = 'outbound'

),

register as (

    select
        lines.subscriber_id,
        lines.is_real_name,
        {{ last_complete_month() }} as month,
        {%- for field in asked %}
        case when {{ field }} is null then 0 else 1 end{{ " +" if not loop.last else " as filled" }}
        {%- endfor %}
    from {{ ref('dim_subscribers') }} as lines
    left join {{ ref('dim_customers') }} as customers on lines.customer_id = customers.customer_id
    where lines.is_on_net

)

{%- for name, (date, measures) in counted.items() %},

{{ name }}_counted as (

    select
        {{ month_of('rows.' ~ date) }} as month,
        coalesce(lines.region_code, 'unknown') as region_code,
        coalesce(lines.county_code, 'unknown') as county_code,
        coalesce({{ 'rows' if name in ['contacts', 'members'] else 'lines' }}.manager_id, 'unknown') as manager_id
        {%- for measure, parts in measures.items() %}{% for part in parts if part %},
        cast(sum({{ part if measure in ['nps', 'data_completeness'] else 'case when ' ~ part ~ ' then 1 else 0 end' }}) as bigint)
            as {{ measure }}_{{ loop.index }}
        {%- endfor %}{% endfor %}
    from {{ tables[name] or name }} as rows
    left join {{ ref('dim_subscribers') }} as lines on rows.subscriber_id = lines.subscriber_id
    where {{ month_of('rows.' ~ date) }} <= {{ last_complete_month() }}
    group by 1, 2, 3, 4

)
{%- endfor %}

{% for name, (date, measures) in counted.items() %}{% for measure, (numerator, denominator) in measures.items() %}
select
    month,
    '{{ measure }}' as measure,
    region_code,
    county_code,
    manager_id,
    {{ measure }}_1 as numerator,
    {{ measure ~ '_2' if denominator else 'cast(null as bigint)' }} as denominator
from {{ name }}_counted
where {{ measure }}_{{ 2 if denominator else 1 }} > 0
union all
{% endfor %}{% endfor %}
-- Counted already.
select
    month,
    'snapshot_retention' as measure,
    region_code,
    county_code,
    manager_id,
    cast(sum(members - lost) as bigint) as numerator,
    cast(sum(members) as bigint) as denominator
from {{ ref('snapshot_counts') }}
where is_snapshot
group by 1, 2, 3, 4, 5
