-- Top-ups and bill payments: the latest row of each.
with

source as (

    select * from {{ latest_rows('billing', 'billing_payments') }} as latest

),

renamed as (

    select
        payment_id,
        subscriber_id,
        paid_at,
        amount,
        payment_channel,
        is_reversal
    from source

)

select * from renamed
