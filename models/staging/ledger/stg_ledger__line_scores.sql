-- Scores of all models but the value-loss warning, and segments: of each purpose those of the last month scored, which is the
-- last complete one unless scoring failed.
with

source as (

    select * from {{ source('ledger', 'line_scores') }}
    where month <= {{ last_complete_month() }}

),

last_scored as (

    select
        purpose,
        max(month) as month
    from source
    group by purpose

),

standing as (

    select source.*
    from source
    inner join last_scored on source.purpose = last_scored.purpose and source.month = last_scored.month

)

select * from standing
