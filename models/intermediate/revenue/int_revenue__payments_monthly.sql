-- Money received of a line and month: a payment counts by its size, a reversal against it, whatever sign it was delivered with.
with

payments as (

    select
        subscriber_id,
        {{ month_of('paid_at') }} as month,
        case when coalesce(is_reversal, false) then -abs(amount) else abs(amount) end as signed_amount
    from {{ ref('stg_billing__payments') }}

),

monthly as (

    select
        subscriber_id,
        month,
        cast(sum(signed_amount) as decimal(18, 2)) as paid_amount
    from payments
    group by subscriber_id, month

)

select * from monthly
