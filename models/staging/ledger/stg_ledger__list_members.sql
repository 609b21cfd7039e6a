-- Whom runs of lists took, held back or left out, up to the as-of date; of a list that was run again for a day, every run.
with

source as (

    select * from {{ source('ledger', 'list_members') }}
    where run_date <= {{ as_of_date() }}

)

select * from source
