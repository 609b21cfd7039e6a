-- Which handset a line was seen in, by month: the latest row of each.
with

source as (

    select * from {{ latest_rows('billing', 'billing_device_usage') }} as latest

),

renamed as (

    select
        subscriber_id,
        usage_month,
        tac,
        days_used
    from source

)

select * from renamed
