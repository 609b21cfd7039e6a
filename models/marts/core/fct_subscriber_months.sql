-- The backbone: every line's month with its state, plan, revenue, use, payments and balance. Only months that changed are
-- built.
{% set to_build = built_by_month('int_subscribers__month_sources', by_lines=true) %}
with

months as (

    select * from {{ ref('int_subscribers__months') }}
    where {{ in_months('month', to_build) }}

),

charges as (

    select * from {{ ref('int_revenue__charges_monthly') }}
    where {{ in_months('month', to_build) }}

),

arrivals as (

    select
        subscriber_id,
        bill_month as month,
        first_delivery_date
    from {{ ref('stg_billing__charge_arrivals') }}
    where {{ in_months('bill_month', to_build) }}

),

payments as (

    select * from {{ ref('int_revenue__payments_monthly') }}
    where {{ in_months('month', to_build) }}

),

balances as (

    select
        subscriber_id,
        {{ month_of('snapshot_date') }} as month,
        balance_amount,
        arrears_amount
    from {{ ref('stg_billing__balances') }}
    where {{ in_months(month_of('snapshot_date'), to_build) }}

),

usage as (

    select * from {{ ref('int_usage__monthly') }}
    where {{ in_months('month', to_build) }}

),

measured as (

    select
        months.*,
        charges.subscriber_id is not null as has_charges,
        case when charges.subscriber_id is not null then arrivals.first_delivery_date end as first_billed_on,
        cast(coalesce(charges.billed_amount, 0) as decimal(18, 2)) as billed_amount,
        cast(coalesce(charges.arpu_amount, 0) as decimal(18, 2)) as arpu_amount,
        {%- for fee_class in fee_classes() %}
            cast(coalesce(charges.{{ fee_class }}_amount, 0) as decimal(18, 2)) as {{ fee_class }}_amount,
        {%- endfor %}
        cast(coalesce(usage.outgoing_minutes, 0) as decimal(18, 2)) as outgoing_minutes,
        cast(coalesce(usage.incoming_minutes, 0) as decimal(18, 2)) as incoming_minutes,
        cast(coalesce(usage.outgoing_minutes + usage.incoming_minutes, 0) as decimal(18, 2)) as mou_minutes,
        cast(coalesce(usage.offnet_minutes, 0) as decimal(18, 2)) as offnet_minutes,
        cast(coalesce(usage.roaming_minutes, 0) as decimal(18, 2)) as roaming_minutes,
        cast(coalesce(usage.data_mb, 0) as decimal(20, 3)) as dou_mb,
        cast(coalesce(usage.roaming_data_mb, 0) as decimal(20, 3)) as roaming_mb,
        {%- for count in ['call_count', 'messages_sent', 'calls_forwarded_offnet', 'competitor_hotline_calls'] %}
        cast(coalesce(usage.{{ count }}, 0) as bigint) as {{ count }},
        {%- endfor %}
        cast(coalesce(usage.active_days, 0) as integer) as active_days,
        usage.last_usage_date,
        cast(coalesce(payments.paid_amount, 0) as decimal(18, 2)) as paid_amount,
        balances.balance_amount,
        balances.arrears_amount,
        sources.source_fingerprint
    from months
    inner join {{ ref('int_subscribers__month_sources') }} as sources on months.month = sources.month
    left join charges
        on months.subscriber_id = charges.subscriber_id
        and months.month = charges.month
    left join arrivals
        on months.subscriber_id = arrivals.subscriber_id
        and months.month = arrivals.month
    left join payments
        on months.subscriber_id = payments.subscriber_id
        and months.month = payments.month
    left join balances
        on months.subscriber_id = balances.subscriber_id
        and months.month = balances.month
    left join usage
        on months.subscriber_id = usage.subscriber_id
        and months.month = usage.month

),

banded as (

    select
        measured.*,
        arpu_bands.band as arpu_band,
        {{ ratio('measured.offnet_minutes', 'measured.mou_minutes') }} as offnet_share
    from measured
    left join {{ bands('arpu_bands') }} as arpu_bands
        on {{ in_band('measured.arpu_amount', 'arpu_bands') }}

)

select * from banded
