-- Balances at the end of each month, and at the last delivery of the running one: the last snapshot dated in a month counts.
with

source as (

    select * from {{ source('billing', 'billing_balances') }}
    where dt in {{ last_deliveries_by_month('billing_balances') }}

),

renamed as (

    select
        subscriber_id,
        dt as snapshot_date,
        balance_amount,
        arrears_amount,
        arrears_since
    from source

)

select * from renamed
