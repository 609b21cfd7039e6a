-- Balance and arrears of a line and month: those of the last snapshot dated in it.
with

balances as (

    select
        subscriber_id,
        {{ month_of('snapshot_date') }} as month,
        balance_amount,
        arrears_amount,
        arrears_since
    from {{ ref('stg_billing__balances') }}

)

select * from balances
