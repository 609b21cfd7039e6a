-- Use is that of the months up to this one, money that of the last month whose bills are in. Only changed months are made.
{{ config(access='private', meta={'public': false}) }}
{% set to_build = built_by_month('line_feature_sources', last_apart=true, by_lines=true) %}
{% set uses = dict(minutes='mou_minutes', data='dou_mb', messages='messages_sent', use_days='active_days', paid='paid_amount') %}
{% set carried = ['month', 'plan_code', 'offnet_minutes', 'roaming_minutes', 'competitor_hotline_calls', 'calls_forwarded_offnet',
    'last_usage_date'] + uses.values() | list %}
{% set own = ['subscriber_id', 'outgoing_minutes', 'balance_amount', 'tenure_months'] + carried %}
{% set seen = 'not facts.is_after_churn and facts.is_complete_month and facts.subscriber_id in (select subscriber_id from kept)'
%}
with

kept as (

    select * from {{ ref('feature_lines') }}
    where {{ in_months('month', to_build) }}

),

use_months as (

    select {{ own | join(', ') }}, {{ rows_back(carried, 6, 'subscriber_id', 'month') }}
    from {{ ref('fct_subscriber_months') }} as facts
    where {{ seen }} and {{ in_months('month', to_build, back=7) }}

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
    where {{ in_months('month', to_build) }}

),

-- Spend apart: it is of an earlier month, and the rows of use are too wide to be held for a join.
spend_months as (

    select
        facts.subscriber_id,
        facts.month,
        case when months.is_billed then facts.arpu_amount end as billed_arpu
    from {{ ref('fct_subscriber_months') }} as facts
    inner join {{ ref('dim_months') }} as months on facts.month = months.month
    where {{ seen }} and {{ in_months('facts.month', to_build, back=7) }}

),

spends_back as (

    select *, {{ rows_back(['month', 'billed_arpu'], 6, 'subscriber_id', 'month') }} from spend_months

),

paid as (

    select *, {{ sums_back({'spend': 'billed_arpu'}) }} from spends_back

),

measured as (

    select
        used.subscriber_id,
        used.month,
        kept.is_sampled,
        {%- for row, measures in {'used': uses, 'paid': {'spend': 'billed_arpu'}}.items() %}
        {%- for name, column in measures.items() %}
        {{ level_and_changes(row, name, column) }},
        {%- endfor %}
        {%- endfor %}
        {%- for name in ['offnet', 'roaming'] %}
        {%- set share = ratio('used.' ~ name ~ '_minutes', 'used.mou_minutes') %}
        {{ share }} as {{ name }}_share,
        {{ share }} - {{ ratio('used.' ~ name ~ '_before', 'used.minutes_before') }} as {{ name }}_share_change,
        {%- endfor %}
        {%- for figure in ['hotline_calls', 'forwarded_calls', 'balance_amount', 'plan_changes'] %}
        cast(used.{{ figure }} as double) as {{ figure }},
        {%- endfor %}
        cast({{ dbt.datediff('used.last_used_on', month_end('used.month'), 'day') }} as double) as days_since_use,
        cast({{ dbt.datediff('used.last_paid_month', 'used.month', 'month') }} as double) as months_since_payment,
        {{ ratio('used.outgoing_minutes', 'plans.included_minutes') }} as minutes_saturation,
        {{ ratio('used.dou_mb', 'plans.included_mb') }} as data_saturation,
        {{ ratio('paid.billed_arpu', 'plans.monthly_fee') }} as spend_of_fee,
        used.tenure_months,
        used.tenure_months <= {{ rule('scoring_rules', 'white_tenure_months') }} as is_too_new,
        used.plan_code
    from used
    inner join kept on used.subscriber_id = kept.subscriber_id and used.month = kept.month
    left join paid on used.subscriber_id = paid.subscriber_id and used.money_month = paid.month
    left join {{ ref('dim_plans') }} as plans on used.plan_code = plans.plan_code

)

select
    measured.*,
    registered.payment_type,
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
    -- As they would have been raised at the month's end, as far as they go by months.
    cast({{ alerts_raised(monthly_alerts('minutes_trend', 'spend_trend', 'spend', 'hotline_calls', 'forwarded_calls'))
    }} as double) as alerts_raised,
    sources.source_fingerprint
from measured
inner join {{ ref('line_feature_sources') }} as sources on measured.month = sources.month
inner join {{ ref('dim_subscribers') }} as registered on measured.subscriber_id = registered.subscriber_id
{%- for alias in ['states', 'touches', 'circles', 'group_rates'] %}
left join {{ ref('line_' ~ alias) }} as {{ alias }}
    on measured.subscriber_id = {{ alias }}.subscriber_id
    and measured.month = {{ alias }}.month
    and {{ in_months(alias ~ '.month', to_build) }}
{%- endfor %}
