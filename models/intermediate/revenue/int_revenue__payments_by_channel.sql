-- Money received of a line, month and payment channel: a payment counts by its size, a reversal against it, whatever sign it was
-- delivered with.
with

payments as (

    select
        subscriber_id,
        {{ month_of('paid_at') }} as month,
        coalesce(payment_channel, 'unknown') as payment_channel,
        cast(paid_at as date) as paid_date,
        abs(amount) as size,
        coalesce(is_reversal, false) as is_reversal
    from {{ ref('stg_billing__payments') }}

),

summed as (

    select
        subscriber_id,
        month,
        payment_channel,
        sum(case when is_reversal then -size else size end) as paid_amount,
        sum(case when is_reversal then 0 else 1 end) as payment_count,
        max(case when not is_reversal then paid_date end) as last_paid_date
    from payments
    group by subscriber_id, month, payment_channel

)

select * from summed
