-- How intake last judged each delivery up to the as-of date, accepted or not.
with

source as (

    select * from {{ source('ledger', 'intake') }}
    where dt <= {{ as_of_date() }}

),

latest as (

    select
        table_name,
        dt as delivery_date,
        outcome
    from source
    qualify row_number() over (partition by table_name, dt order by recorded_at desc) = 1

)

select * from latest
