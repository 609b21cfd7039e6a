-- Tasks and their reasons as nights before the business date raised them. What the business date itself raises is found anew.
with

source as (

    select * from {{ source('ledger', 'task_reasons') }}
    where reason_date < {{ as_of_date() }}

)

select * from source
