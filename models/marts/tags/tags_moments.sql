-- Each moment is open for some days, so that a run that was missed loses none; a list's cool_down_days has it go out once.
{% set anniversary = 'cast(' ~ dbt.dateadd('year', 'lines.years_begun', 'lines.activation_date') ~ ' as date)' %}
{% set month, since_closing = last_billed_month(), dbt.datediff('billed.closed_on', as_of_date(), 'day') %}
with

lines as (

    select
        lines.*,
        {{ dbt.datediff('lines.activation_date', as_of_date(), 'day') }} as days_since_activation,
        {{ dbt.datediff('lines.activation_date', as_of_date(), 'year') }} as years_begun,
        -- Of another nobody knows whether it was billed or paid before.
        coalesce(lines.activation_date >= (select min(month) from {{ ref('dim_months') }}), false) as is_held_from_start,
        worth.vip_level is not null or worth.value_class = 'high' as is_vip,
        worth.is_mid_high_end,
        worth.arpu_3m
    from {{ ref('dim_subscribers') }} as lines
    left join {{ ref('subscriber_value') }} as worth on lines.subscriber_id = worth.subscriber_id

),

-- The last billed month and the three before it, as far as the line was billed.
billed as (

    select
        facts.subscriber_id,
        max(case when months.month = {{ month }} then months.closed_on end) as closed_on,
        sum(case when months.month = {{ month }} then facts.billed_amount end) as bill,
        sum(case when months.month < {{ month }} then facts.billed_amount end) as billed_before,
        sum(case when months.month < {{ month }} then 1 else 0 end) as bills_before
    from {{ ref('fct_subscriber_months') }} as facts
    inner join {{ ref('dim_months') }} as months on facts.month = months.month
    where facts.has_charges and not facts.is_after_churn and facts.month between {{ months_before(month, '3') }} and {{ month }}
    group by facts.subscriber_id

),

-- Months with a payment of lines that are still to make their second.
paid as (

    select
        subscriber_id,
        sum(case when paid_amount > 0 then 1 else 0 end) as months_paid
    from {{ ref('fct_subscriber_months') }}
    where month >= {{ months_before(month_of(as_of_date()), '4') }}
    group by subscriber_id

),

contacted as (

    select
        subscriber_id,
        max(contact_date) as last_contact_date
    from {{ ref('fct_contacts') }}
    where is_connected
    group by subscriber_id

),

complained as (

    select
        subscriber_id,
        max(cast(closed_at as date)) as last_closed_on,
        sum(case when closed_at is null then 1 else 0 end) as still_open
    from {{ ref('fct_complaints') }}
    group by subscriber_id

),

-- The festival that comes next, if it is near.
next_festival as (

    select festival_code
    from {{ ref('festivals') }}
    where festival_date > {{ as_of_date() }}
        and {{ dbt.datediff(as_of_date(), 'festival_date', 'day') }} <= {{ rule('moment_rules', 'festival_days') }}
    qualify row_number() over (order by festival_date, festival_code) = 1

)

select
    lines.subscriber_id,
    lines.is_on_net and coalesce(
        billed.bill is not null and billed.bills_before = 0 and {{ since_closing }} <= {{ rule('moment_rules', 'bill_days') }}
        and lines.is_held_from_start and {{ month_of('lines.activation_date') }} >= {{ months_before(month, '3') }}, false
    ) as is_first_bill,
    lines.is_on_net and coalesce(
        billed.bills_before = 3 and billed.billed_before > 0 and {{ since_closing }} <= {{ rule('moment_rules', 'bill_days') }}
        and {{ comparable(ratio('billed.bill * 3', 'billed.billed_before')) }}
        > {{ rule('moment_rules', 'high_bill_factor') }}, false
    ) as is_high_bill,
    lines.is_on_net and lines.is_held_from_start and coalesce(lines.payment_type = 'prepaid', false)
    and lines.days_since_activation >= {{ rule('moment_rules', 'topup_from_days') }}
    and lines.days_since_activation <= {{ rule('moment_rules', 'topup_to_days') }}
    and coalesce(paid.months_paid, 0) < 2 as is_second_topup_due,
    lines.is_on_net and lines.tenure_months <= {{ rule('moment_rules', 'near_value_months') }} and coalesce(
        not lines.is_mid_high_end
        and lines.arpu_3m
        >= {{ rule('moment_rules', 'near_value_share') }} * {{ rule('value_rules', 'mid_high_end_arpu') }}, false
    ) as is_near_mid_high_end,
    coalesce(lines.is_on_net and lines.is_vip and lines.status_code = 'active' and balances.arrears_amount > 0, false)
        as is_suspension_care_due,
    lines.is_on_net and lines.years_begun >= 1 and {{ anniversary }} = {{ as_of_date() }} as is_anniversary,
    coalesce(lines.is_on_net and lines.is_vip and coalesce(
        {{ dbt.datediff('contacted.last_contact_date', as_of_date(), 'day') }} >= {{ rule('moment_rules', 'care_days') }}, true
    ), false) as is_routine_care_due,
    lines.is_on_net and coalesce(
        complained.still_open = 0
        and complained.last_closed_on >= {{ days_before(rule('moment_rules', 'repair_days')) }}, false
    ) as is_repair_thanks_due,
    case when lines.is_on_net then next_festival.festival_code end as next_festival
from lines
left join next_festival on 1 = 1
left join billed on lines.subscriber_id = billed.subscriber_id
left join paid on lines.subscriber_id = paid.subscriber_id
left join contacted on lines.subscriber_id = contacted.subscriber_id
left join complained on lines.subscriber_id = complained.subscriber_id
left join {{ ref('fct_balances') }} as balances on lines.subscriber_id = balances.subscriber_id
