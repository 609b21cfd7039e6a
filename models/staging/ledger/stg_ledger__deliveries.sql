-- Deliveries as they are in the lake for this build: the last accepted state of each folder up to the as-of date.
with

source as (

    select * from {{ source('ledger', 'intake') }}
    where outcome = 'accepted' and dt <= {{ as_of_date() }}

),

latest as (

    select
        table_name,
        dt as delivery_date,
        rows_accepted,
        event_months,
        closed_bill_months,
        rows_sha256
    from source
    qualify row_number() over (partition by table_name, dt order by recorded_at desc) = 1

)

select * from latest
