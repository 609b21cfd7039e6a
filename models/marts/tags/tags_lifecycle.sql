-- Where a line stands in its life: the first stage that holds, why it counts as in decline, and what it was before it left.
{% set idle_days = rule('lifecycle_rules', 'decline_idle_days') %}
{% set contract_months = 'cast(' ~ rule('lifecycle_rules', 'contract_ending_months') ~ ' as integer)' %}
with

figures as (

    select
        lines.*,
        products.contract_start_date,
        coalesce(
            lines.is_on_net
            and products.contract_end_date <= {{ dbt.dateadd('month', contract_months, as_of_date()) }}, false
        ) as is_contract_ending,
        averages.arpu_trend,
        inactivity.days_since_use
    from {{ ref('dim_subscribers') }} as lines
    left join {{ ref('tags_product') }} as products on lines.subscriber_id = products.subscriber_id
    left join {{ ref('inactivity') }} as inactivity on lines.subscriber_id = inactivity.subscriber_id
    left join {{ ref('fct_subscriber_averages') }} as averages
        on lines.subscriber_id = averages.subscriber_id
        and averages.month = {{ last_billed_month() }}

),

reasoned as (

    select
        *,
        case
            when not is_on_net then null
            when is_contract_ending then 'contract_ending'
            when arpu_trend <= {{ rule('lifecycle_rules', 'decline_arpu_trend') }} then 'arpu_drop'
            when status_code in ('suspended_arrears', 'suspended_voluntary', 'suspended_other', 'pre_terminated')
                then 'suspended'
            when coalesce(days_since_use, {{ idle_days }}) >= {{ idle_days }}
                and {{ dbt.datediff('activation_date', as_of_date(), 'day') }} >= {{ idle_days }} then 'no_use'
        end as decline_reason
    from figures

)

select
    reasoned.subscriber_id,
    case
        when not reasoned.is_on_net then 'off_net'
        when reasoned.decline_reason is not null then 'decline'
        when reasoned.tenure_months <= {{ rule('lifecycle_rules', 'entry_months') }} then 'entry'
        when reasoned.tenure_months <= {{ rule('lifecycle_rules', 'growth_months') }} then 'growth'
        else 'mature'
    end as lifecycle_stage,
    reasoned.decline_reason,
    reasoned.activation_date >= {{ last_complete_month() }} as is_new_subscriber,
    cast({{ dbt.datediff('reasoned.activation_date', as_of_date(), 'day') }} as integer) as days_since_activation,
    reasoned.is_contract_ending,
    cast({{ tenure_months('reasoned.contract_start_date', as_of_date()) }} as integer) as contract_tenure_months,
    cast({{ dbt.datediff('reasoned.churn_date', as_of_date(), 'day') }} as integer) as days_since_churn,
    churns.reason_code as churn_reason_code,
    churns.value_tier_before,
    churns.was_mid_high_end
from reasoned
left join {{ ref('fct_churn') }} as churns on reasoned.subscriber_id = churns.subscriber_id
