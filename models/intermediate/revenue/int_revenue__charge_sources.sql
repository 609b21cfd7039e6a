-- What each month's billed amounts are made from: a fingerprint of the deliveries of charges that touch the month, and of the
-- lines that were activated by its end.
{{ config(materialized='table') }}
with

deliveries as (

    select
        concat(delivery_date, ' ', rows_sha256) as description,
        {{ unnested('event_months') }} as month
    from {{ ref('stg_ledger__deliveries') }}
    where table_name = 'billing_charges'

),

touched as (

    select
        month,
        {{ dbt.listagg('description', "'; '", 'order by description') }} as deliveries_told
    from deliveries
    where month <= {{ as_of_date() }}
    group by month

),

activated as (

    select
        {{ month_of('activation_date') }} as month,
        {{ set_hash(['subscriber_id', month_of('activation_date')]) }} as lines_hash
    from {{ ref('stg_crm__subscribers') }}
    group by {{ month_of('activation_date') }}

),

lines as (

    select
        touched.month,
        bit_xor(activated.lines_hash) as lines_hash
    from touched
    inner join activated on touched.month >= activated.month
    group by touched.month

)

select
    touched.month,
    {{ fingerprint_of(['touched.deliveries_told', 'lines.lines_hash']) }} as source_fingerprint
from touched
left join lines on touched.month = lines.month
