-- What the closing of each complete month's bills is told from: a fingerprint of the month's lines and of those of the month
-- before, of how lines activated by its end are billed, and of the rules.
{{ config(access='private', meta={'public': false}) }}
with

held as (

    select
        month,
        source_fingerprint,
        lag(source_fingerprint) over (order by month) as fingerprint_before
    from {{ ref('fct_month_hashes') }}

),

activated as (

    select
        {{ month_of('activation_date') }} as month,
        {{ set_hash(['subscriber_id', 'payment_type', 'billing_cycle_code']) }} as lines_hash
    from {{ ref('dim_subscribers') }}
    group by {{ month_of('activation_date') }}

)

select
    held.month,
    held.fingerprint_before is null as is_first_month,
    {{ fingerprint_of([
        'min(held.source_fingerprint)', 'min(held.fingerprint_before)', 'bit_xor(activated.lines_hash)',
        seed_text('billing_rules', ['rule', 'value']),
    ]) }} as source_fingerprint
from held
left join activated on held.month >= activated.month
group by held.month, held.fingerprint_before
