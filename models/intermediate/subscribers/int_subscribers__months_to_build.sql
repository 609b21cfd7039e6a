-- Months that this build computes anew: those whose sources are others than the ones they were made from, and those where lines
-- live otherwise than the fact says. Snapshots and payments change the past without touching its deliveries: a termination told
-- late, a plan begun earlier, a payment moved to another month. So their part is held against the fact as it stands, line by
-- line.
--
-- The fact is looked up by name, not by ref(): this reads what the build before left, not what this one makes.
{{ config(materialized='table') }}
-- depends_on: {{ ref('int_subscribers__months') }}, {{ ref('int_revenue__payments_monthly') }}
{% set fact = adapter.get_relation(target.database, generate_schema_name('core', none), 'fct_subscriber_months')
    if execute and not flags.FULL_REFRESH else none %}
{% set told = ['subscriber_id', 'is_after_churn', 'is_on_net_opening', 'is_on_net_end', 'was_on_net', 'is_new', 'is_churned',
    'tenure_months', 'plan_code', 'paid_amount'] %}
with

sources as (

    select * from {{ ref('int_subscribers__month_sources') }}

),

{% if fact %}
lives as (

    select
        months.*,
        cast(coalesce(payments.paid_amount, 0) as decimal(18, 2)) as paid_amount
    from {{ ref('int_subscribers__months') }} as months
    left join {{ ref('int_revenue__payments_monthly') }} as payments
        on months.subscriber_id = payments.subscriber_id
        and months.month = payments.month

),

present as (

    select month, count(*) as lines, {{ set_hash(told) }} as lives_hash
    from lives
    group by month

),

built as (

    select month, min(source_fingerprint) as source_fingerprint, count(*) as lines, {{ set_hash(told) }} as lives_hash
    from {{ fact }}
    group by month

),

changed as (

    select
        sources.month,
        sources.source_fingerprint
    from sources
    left join built on sources.month = built.month
    left join present on sources.month = present.month
    where sources.source_fingerprint is distinct from built.source_fingerprint
        or present.lines is distinct from built.lines
        or present.lives_hash is distinct from built.lives_hash

)
{% else %}
changed as (

    select month, source_fingerprint from sources

)
{% endif %}

select * from changed
