-- Models of scoring that were trained up to the last complete month.
with

source as (

    select * from {{ source('ledger', 'scoring_cards') }}
    where trained_for <= {{ last_complete_month() }}

)

select * from source
