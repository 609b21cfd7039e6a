-- Use is that of the months up to this one, money that of the last month whose bills are in. Only changed months are made.
{{ config(access='private', meta={'public': false}) }}
{% set to_build = built_by_month('line_feature_sources') %}
{% set uses = {'minutes': 'mou_minutes', 'data': 'dou_mb', 'messages': 'messages_sent', 'use_days': 'active_days',
    'paid': 'paid_amount'} %}
{% set carried = ['month', 'plan_code', 'offnet_minutes', 'roaming_minutes', 'competitor_hotline_calls', 'calls_forwarded_offnet',
    'last_usage_date'] + uses.values() | list %}
{% set own = ['subscriber_id', 'is_on_net_end', 'outgoing_minutes', 'balance_amount', 'tenure_months'] + carried %}
{% set spend = {'spend': 'billed_arpu'} %}
{% set paid = ['subscriber_id', 'month', 'billed_arpu'] %}
{# Alerts as they would have been raised at the month's end, as far as they go by months. #}
{% set alerts = monthly_alerts('minutes_trend', 'spend_trend', 'spend', 'hotline_calls', 'forwarded_calls') %}
with

use_months as (

    select {{ own | join(', ') }}, {{ rows_back(carried, 6, 'subscriber_id', 'month') }}
    from {{ ref('fct_subscriber_months') }}
    where is_complete_month and not is_after_churn and {{ in_months('month', to_build, back=7) }}

),

used as (

    select
        {{ own | join(', ') }},
        {{ sums_back(dict(uses, offnet='offnet_minutes', roaming='roaming_minutes')) }},
        {{ each_back('coalesce(*competitor_hotline_calls, 0)', 0, 2, ' + ') }} as hotline_calls,
        {{ each_back('coalesce(*calls_forwarded_offnet, 0)', 0, 2, ' + ') }} as forwarded_calls,
        greatest({{ each_back('*last_usage_date', 0, 5) }}) as last_used_on,
        greatest({{ each_back('case when *paid_amount > 0 then *month end', 0, 5) }}) as last_paid_month,
        {{ each_back('case when ^month is not null and (*plan_code is distinct from ^plan_code) then 1 else 0 end', 0, 5, '+') }}
            as plan_changes,
        {{ months_before('month', rule('scoring_rules', 'money_lag_months')) }} as money_month
    from use_months
    where use_months.is_on_net_end and {{ in_months('month', to_build) }}

),

-- Spend apart: it is of an earlier month, and the rows of use are too wide to be held for a join.
spend_months as (

    select
        facts.subscriber_id,
        facts.month,
        case when months.is_billed then facts.arpu_amount end as billed_arpu
    from {{ ref('fct_subscriber_months') }} as facts
    inner join {{ ref('dim_months') }} as months on facts.month = months.month
    where facts.is_complete_month and not facts.is_after_churn and {{ in_months('facts.month', to_build, back=7) }}

),

spends_back as (

    select *, {{ rows_back(['month', 'billed_arpu'], 6, 'subscriber_id', 'month') }} from spend_months

),

paid as (

    select {{ paid | join(', ') }}, {{ sums_back(spend) }} from spends_back

),

measured as (

    select
        used.subscriber_id,
        used.month,
        {%- for row, measures in {'used': uses, 'paid': spend}.items() %}
        {%- for name, column in measures.items() %}
        cast({{ row }}.{{ column }} as double) as {{ name }},
        {{ ratio(row ~ '.' ~ name ~ '_sum', '3') }} as {{ name }}_3m,
        {%- for suffix, now, before in [('change', column ~ ' * 3', 'before'), ('trend', name ~ '_sum', 'earlier'),
            ('change_2m', column, 'two_back')] %}
        {%- set divisor = row ~ '.' ~ name ~ '_' ~ before %}
        case when {{ divisor }} > 0 then {{ ratio(row ~ '.' ~ now, divisor) }} - 1 end as {{ name }}_{{ suffix }},
        {%- endfor %}
        {%- endfor %}
        {%- endfor %}
        {%- for name in ['offnet', 'roaming'] %}
        {%- set share = ratio('used.' ~ name ~ '_minutes', 'used.mou_minutes') %}
        {{ share }} as {{ name }}_share,
        {{ share }} - {{ ratio('used.' ~ name ~ '_before', 'used.minutes_before') }} as {{ name }}_share_change,
        {%- endfor %}
        cast(used.hotline_calls as double) as hotline_calls,
        cast(used.forwarded_calls as double) as forwarded_calls,
        cast({{ dbt.datediff('used.last_used_on', month_end('used.month'), 'day') }} as double) as days_since_use,
        cast({{ dbt.datediff('used.last_paid_month', 'used.month', 'month') }} as double) as months_since_payment,
        cast(used.balance_amount as double) as balance_amount,
        cast(used.plan_changes as double) as plan_changes,
        {{ ratio('used.outgoing_minutes', 'plans.included_minutes') }} as minutes_saturation,
        {{ ratio('used.dou_mb', 'plans.included_mb') }} as data_saturation,
        {{ ratio('paid.billed_arpu', 'plans.monthly_fee') }} as spend_of_fee,
        used.tenure_months,
        used.tenure_months <= {{ rule('scoring_rules', 'white_tenure_months') }} as is_too_new,
        used.plan_code
    from used
    left join paid on used.subscriber_id = paid.subscriber_id and used.money_month = paid.month
    left join {{ ref('dim_plans') }} as plans on used.plan_code = plans.plan_code

)

select
    measured.*,
    lines.payment_type,
    {%- for alias, columns in {
        'states': ['days_to_contract_end', 'services_running', 'service_fees', 'groups_joined', 'months_of_handset', 'handset_price',
            'is_suspended', 'days_in_status'],
        'touches': ['complaints', 'detractor_answers', 'lowest_score', 'contacts', 'refusals', 'calls_in'],
        'circles': ['circle_lines', 'peers_lost', 'peers_lost_share'],
        'group_rates': ['plan_churn_rate', 'offnet_band_churn_rate', 'group_rate_score'],
    }.items() %}
    {%- for column in columns %}
    {#- Nothing told of them is none of them. #}
    {%- set is_count = alias == 'touches' and column != 'lowest_score' %}
    cast({{ 'coalesce(' if is_count }}{{ alias }}.{{ column }}{{ ', 0)' if is_count }} as double) as {{ column }},
    {%- endfor %}
    {%- endfor %}
    cast({{ alerts_raised(alerts) }} as double) as alerts_raised,
    sources.source_fingerprint
from measured
inner join {{ ref('line_feature_sources') }} as sources on measured.month = sources.month
inner join {{ ref('dim_subscribers') }} as lines on measured.subscriber_id = lines.subscriber_id
{%- for alias in ['states', 'touches', 'circles', 'group_rates'] %}
left join {{ ref('line_' ~ alias) }} as {{ alias }}
    on measured.subscriber_id = {{ alias }}.subscriber_id
    and measured.month = {{ alias }}.month
    and {{ in_months(alias ~ '.month', to_build) }}
{%- endfor %}
