-- Monthly billed amounts per line and bill item: the latest row of each.
with

source as (

    select * from {{ latest_rows('billing', 'billing_charges') }} as latest

),

renamed as (

    select
        subscriber_id,
        bill_month,
        fee_code,
        amount
    from source

)

select * from renamed
