-- When the bills of each complete month were in, by payment type and billing cycle: the first day on which enough of the lines
-- that were billed in the month before, and are on-net at its end, had bills again. In the first month held all lines on-net
-- count. Small groups are looked at together; one charged day by day is billed with its last day. Only changed months are made.
{% set to_build = built_by_month('fct_bill_closing_sources') %}
{% set closed_share = rule('billing_rules', 'billing_closed_share') %}
with

facts as (

    select
        month,
        subscriber_id,
        is_on_net_end,
        first_billed_on,
        lag(has_charges) over (partition by subscriber_id order by month) as was_billed_before
    from {{ ref('fct_subscriber_months') }}
    where is_complete_month and not is_after_churn and {{ in_months('month', to_build, back=1) }}

),

expected as (

    select
        facts.month,
        coalesce(lines.payment_type, 'unknown') as payment_type,
        coalesce(lines.billing_cycle_code, 'unknown') as billing_cycle_code,
        facts.first_billed_on,
        count(*) as lines
    from facts
    inner join {{ ref('fct_bill_closing_sources') }} as sources on facts.month = sources.month
    inner join {{ ref('dim_subscribers') }} as lines on facts.subscriber_id = lines.subscriber_id
    where facts.is_on_net_end and (sources.is_first_month or facts.was_billed_before) and {{ in_months('facts.month', to_build) }}
    group by facts.month, lines.payment_type, lines.billing_cycle_code, facts.first_billed_on

),

sized as (

    select
        *,
        sum(lines) over (partition by month, payment_type, billing_cycle_code)
        >= {{ rule('billing_rules', 'billing_group_lines') }} as is_large
    from expected

),

arrived as (

    select
        month,
        case when is_large then payment_type else 'other' end as payment_type,
        case when is_large then billing_cycle_code else 'other' end as billing_cycle_code,
        first_billed_on,
        sum(lines) as lines
    from sized
    group by
        month,
        case when is_large then payment_type else 'other' end,
        case when is_large then billing_cycle_code else 'other' end,
        first_billed_on

),

counted as (

    select
        *,
        sum(lines) over (partition by month, payment_type, billing_cycle_code) as lines_expected,
        sum(case when first_billed_on is not null then lines else 0 end) over (
            partition by month, payment_type, billing_cycle_code order by coalesce(first_billed_on, {{ open_end() }})
        ) as lines_billed_so_far
    from arrived

),

charge_days as (

    select
        {{ month_of('delivery_date') }} as month,
        count(*) as charge_days
    from {{ ref('stg_ledger__deliveries') }}
    where table_name = 'billing_charges' and array_contains(event_months, {{ month_of('delivery_date') }})
    group by {{ month_of('delivery_date') }}

),

closed as (

    select
        counted.month,
        counted.payment_type,
        counted.billing_cycle_code,
        max(counted.lines_expected) as lines_expected,
        max(counted.lines_billed_so_far) as lines_billed,
        min(case when counted.lines_billed_so_far >= {{ closed_share }} * counted.lines_expected
            then counted.first_billed_on end) as enough_on,
        coalesce(max(charge_days.charge_days) >= {{ rule('billing_rules', 'daily_charge_days') }}, false)
        and sum(case when counted.first_billed_on <= {{ month_end('counted.month') }} then counted.lines else 0 end)
        >= {{ rule('billing_rules', 'daily_charge_share') }} * max(counted.lines_expected) as is_charged_daily
    from counted
    left join charge_days on counted.month = charge_days.month
    group by counted.month, counted.payment_type, counted.billing_cycle_code

)

select
    closed.month,
    closed.payment_type,
    closed.billing_cycle_code,
    cast(lines_expected as bigint) as lines_expected,
    cast(lines_billed as bigint) as lines_billed,
    {{ ratio('lines_billed', 'lines_expected') }} as billed_share,
    is_charged_daily,
    case
        when is_charged_daily then {{ month_end('closed.month') }}
        when enough_on is not null then greatest(enough_on, {{ month_end('closed.month') }})
    end as closed_on,
    sources.source_fingerprint
from closed
inner join {{ ref('fct_bill_closing_sources') }} as sources on closed.month = sources.month
