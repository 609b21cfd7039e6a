-- What each month's circles were made from: a fingerprint of the deliveries of call pairs that touch the three months that end
-- with it, of the lines on-net at its end, and of the rules. Months without call pairs have no circles and no row.
{{ config(materialized='table') }}
with

months as (

    select * from {{ ref('int_subscribers__months_held') }}
    where is_complete_month

),

called as (

    select
        months.month,
        {{ dbt.listagg("concat(deliveries.delivery_date, ' ', deliveries.rows_sha256)", "'; '",
            'order by deliveries.delivery_date') }} as deliveries
    from months
    inner join {{ ref('stg_ledger__deliveries') }} as deliveries
        on array_contains(deliveries.event_months, months.month)
        or array_contains(deliveries.event_months, cast({{ dbt.dateadd('month', -1, 'months.month') }} as date))
        or array_contains(deliveries.event_months, cast({{ dbt.dateadd('month', -2, 'months.month') }} as date))
    where deliveries.table_name = 'billing_call_pairs'
    group by months.month

),

lines as (

    select
        months.month,
        {{ set_hash(['stays.subscriber_id']) }} as lines_hash
    from months
    inner join {{ ref('int_subscribers__stays') }} as stays
        on months.last_day >= stays.from_date
        and months.last_day < stays.to_date
    where stays.is_on_net
    group by months.month

),

fingerprints as (

    select
        called.month,
        {{ fingerprint_of(['called.deliveries', 'lines.lines_hash', seed_text('value_rules', ['rule', 'value'])]) }}
            as source_fingerprint
    from called
    left join lines on called.month = lines.month

)

select * from fingerprints
