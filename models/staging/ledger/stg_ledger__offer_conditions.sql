-- What became of the eligibility of the offers that stand: those of the latest delivery up to the as-of date.
with

source as (

    select * from {{ source('ledger', 'offers') }}
    where delivered <= {{ as_of_date() }}

),

standing as (

    select *
    from source
    qualify delivered = max(delivered) over ()

)

select * from standing
