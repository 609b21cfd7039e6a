-- When each line's bills of a month first came: the date of the first delivery that holds any, whatever was corrected later.
with

source as (

    select * from {{ source('billing', 'billing_charges') }}
    where dt <= {{ as_of_date() }}

),

arrived as (

    select
        subscriber_id,
        bill_month,
        min(dt) as first_delivery_date
    from source
    group by subscriber_id, bill_month

)

select * from arrived
