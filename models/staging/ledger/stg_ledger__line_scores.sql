-- Scores of all models but the value-loss warning, and segments: of each purpose those of the last month scored, which is the
-- last complete one unless scoring failed; none of lines whose processing is restricted.
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
    where source.subscriber_id not in (select subscriber_id from {{ source('ledger', 'restrictions') }})

)

select * from standing
