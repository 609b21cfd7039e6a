-- The run of each list and day that counts. A list that is run again for a day replaces its file, so its last run holds; one that
-- was refused or failed leaves the file of the run before, and holds only where nothing was exported.
with

source as (

    select * from {{ source('ledger', 'list_runs') }}
    where run_date <= {{ as_of_date() }}

),

standing as (

    select *
    from source
    qualify row_number() over (
        partition by list_name, run_date
        order by case when status = 'exported' then 0 else 1 end, exported_at desc nulls last, run_id desc
    ) = 1

)

select * from standing
