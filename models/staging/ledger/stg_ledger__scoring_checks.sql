-- Checks of the scores of months up to the last complete one.
with

source as (

    select * from {{ source('ledger', 'scoring_checks') }}
    where month <= {{ last_complete_month() }}

)

select * from source
