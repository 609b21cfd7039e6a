-- What each month's figures are made from: a fingerprint of the deliveries that touch the month, of the fee catalogue, of the
-- bands, of the last day that the month stands for, and of how lines lived in it and paid. An equal delivery that comes again
-- leaves it as it was.
--
-- Snapshots and payments change the past without touching its deliveries: a termination late-arriving, a plan begun earlier, a
-- payment moved to another month. So their part is looked at row by row.
{{ config(materialized='table') }}
with

months as (

    select * from {{ ref('int_subscribers__months_held') }}

),

deliveries as (

    select
        *,
        concat(table_name, ' ', delivery_date, ' ', rows_sha256) as description
    from {{ ref('stg_ledger__deliveries') }}

),

touching as (

    select
        months.month,
        deliveries.description
    from months
    inner join deliveries on array_contains(deliveries.event_months, months.month)
    where deliveries.table_name in ('billing_charges', 'billing_usage_daily')

    union all

    select
        months.month,
        deliveries.description
    from months
    inner join deliveries on months.month = {{ month_of('deliveries.delivery_date') }}
    where deliveries.table_name = 'billing_balances'
    qualify row_number() over (partition by months.month order by deliveries.delivery_date desc) = 1

),

catalogue as (

    select max(catalogue.rows_sha256) as rows_sha256
    from (
        select rows_sha256 from deliveries
        where table_name = 'billing_fee_codes'
        qualify row_number() over (order by delivery_date desc) = 1
    ) as catalogue

),

payments as (

    select
        {{ month_of('paid_at') }} as month,
        {{ set_hash(['payment_id', 'subscriber_id', 'amount', 'is_reversal']) }} as rows_hash
    from {{ ref('stg_billing__payments') }}
    group by {{ month_of('paid_at') }}

),

described as (

    select
        months.month,
        concat(
            months.last_day, ' ',
            coalesce(catalogue.rows_sha256, ''), ' ',
            {{ seed_text('arpu_bands', ['band', 'lower_bound']) }}, ' ',
            {{ seed_text('tenure_bands', ['band', 'lower_bound']) }}
        ) as description
    from months
    cross join catalogue

    union all

    select * from touching

    union all

    select
        months.month,
        {{ fingerprint_of(['lives.rows_hash', 'payments.rows_hash']) }} as description
    from months
    left join {{ ref('int_subscribers__month_lives') }} as lives on months.month = lives.month
    left join payments on months.month = payments.month

),

fingerprints as (

    select
        month,
        md5({{ dbt.listagg('description', "'; '", 'order by description') }}) as source_fingerprint
    from described
    group by month

)

select * from fingerprints
