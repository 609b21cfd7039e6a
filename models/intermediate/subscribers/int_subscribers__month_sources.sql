-- What each month's figures were made from: a fingerprint of the deliveries that touch the month, of the fee catalogue, of the
-- bands and of the last day that the month stands for. An equal delivery that comes again leaves it as it was.
with

months as (

    select * from {{ ref('int_subscribers__months_held') }}

),

deliveries as (

    select * from {{ ref('stg_ledger__deliveries') }}

),

touching as (

    select
        months.month,
        deliveries.table_name,
        deliveries.delivery_date,
        deliveries.rows_sha256
    from months
    inner join deliveries on array_contains(deliveries.event_months, months.month)
    where deliveries.table_name in ('billing_charges', 'billing_usage_daily')

    union all

    select
        months.month,
        deliveries.table_name,
        deliveries.delivery_date,
        deliveries.rows_sha256
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

    select
        month,
        concat(table_name, ' ', delivery_date, ' ', rows_sha256) as description
    from touching

),

fingerprints as (

    select
        month,
        md5({{ dbt.listagg('description', "'; '", 'order by description') }}) as source_fingerprint
    from described
    group by month

)

select * from fingerprints
