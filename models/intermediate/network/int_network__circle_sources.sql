-- What each month's close peers are made from: a fingerprint of the deliveries of call pairs that touch the three months held
-- that end with it, of whether it is the last complete one, which knows every peer, and of the rules. Months without call pairs
-- have no row.
{{ config(materialized='table') }}
with

called as (

    select
        windows.month,
        {{ dbt.listagg(
            "concat(windows.call_month, ' ', deliveries.delivery_date, ' ', deliveries.rows_sha256)", "'; '",
            'order by windows.call_month, deliveries.delivery_date'
        ) }} as deliveries
    from {{ ref('int_network__circle_windows') }} as windows
    inner join {{ ref('stg_ledger__deliveries') }} as deliveries
        on array_contains(deliveries.event_months, windows.call_month)
    where deliveries.table_name = 'billing_call_pairs'
    group by windows.month

),

fingerprints as (

    select
        month,
        {{ fingerprint_of(['deliveries', 'month = ' ~ last_complete_month(), seed_text('value_rules', ['rule', 'value'])]) }}
            as source_fingerprint
    from called

)

select * from fingerprints
