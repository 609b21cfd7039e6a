-- The first two payments of each line, reversals left out, and its last.
{{ config(materialized='table') }}
with

payments as (

    select
        subscriber_id,
        cast(paid_at as date) as paid_date,
        row_number() over (partition by subscriber_id order by paid_at, payment_id) as place
    from {{ ref('stg_billing__payments') }}
    where not coalesce(is_reversal, false)

)

select
    subscriber_id,
    min(paid_date) as first_paid_date,
    min(case when place = 2 then paid_date end) as second_paid_date,
    max(paid_date) as last_paid_date
from payments
group by subscriber_id
