-- Segments of lines by month, up to the last complete one.
with

source as (

    select * from {{ source('ledger', 'line_segments') }}
    where month <= {{ last_complete_month() }}

)

select * from source
