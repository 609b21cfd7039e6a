-- Every alert of the business date, one row each, by the rules in the seed alert_rules. `evidence` holds the figures that
-- raised it. A rule taken out of the seed raises nothing.
{% set as_of = as_of_date() %}
{% set usage, register = 'billing_usage_daily', 'crm_subscribers' %}
{% set conditions = alert_conditions(as_of, "status_taken = 'CODE'") %}
{# By code: the figures that are its evidence, and the raw table whose lateness withholds it. #}
{% set rules = {
    'zero_usage': (['days_since_use'], usage),
    'low_balance': (['balance_amount'], 'billing_balances'),
    'forwarding_offnet': (['calls_forwarded_offnet'], usage),
    'competitor_hotline': (['competitor_hotline_calls'], usage),
    'arrears_suspension': (['status_taken'], register),
    'voluntary_suspension': (['status_taken'], register),
    'pre_termination': (['status_taken'], register),
    'negative_survey': (['lowest_score'], 'channel_surveys'),
    'usage_drop': (['minutes_7d', 'minutes_a_week_before'], usage),
    'calls_moving_offnet': (['offnet_share_7d', 'offnet_share_28d'], usage),
    'no_charges': (['arpu_amount'], none),
    'arpu_drop': (['arpu_trend'], none),
    'mou_drop': (['mou_trend'], usage),
    'contract_ending': (['latest_contract_end'], 'crm_contracts'),
    'overage': (['minutes_saturation', 'data_saturation'], usage),
    'birthday': (['birth_month'], 'crm_customers'),
} %}
with

figures as (

    select * from {{ ref('alert_figures') }}

),

-- What a source that is late does not tell looks like silence: nothing is raised on it until it comes. Money waits for its bills.
late as (

    select table_name from {{ ref('dim_raw_tables') }}
    where is_late

),

raised as (

    {% for code, (evidence, source) in rules.items() %}
    select
        figures.subscriber_id,
        rules.alert_code,
        rules.cadence,
        rules.severity,
        concat(
            {%- for figure in evidence %}
            '{{ ", " if not loop.first }}{{ figure }} ',
            coalesce(cast({{ figure }} as {{ dbt.type_string() }}), 'none'){{ "," if not loop.last }}
            {%- endfor %}
        ) as evidence
    from figures
    inner join {{ ref('alert_rules') }} as rules on rules.alert_code = '{{ code }}'
    where {{ conditions[code] }}
        {%- if source %}
        and '{{ source }}' not in (select table_name from late)
        {%- endif %}
    {{ "union all" if not loop.last }}
    {% endfor %}

)

select
    {{ as_of }} as as_of_date,
    subscriber_id,
    alert_code,
    cadence,
    severity,
    evidence
from raised
