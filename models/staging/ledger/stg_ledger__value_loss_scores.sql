-- Scores of the value-loss warning that stand: those of the last month scored, the last complete one unless scoring failed.
with

source as (

    select * from {{ source('ledger', 'value_loss_scores') }}
    where month <= {{ last_complete_month() }}

),

standing as (

    select *
    from source
    qualify month = max(month) over ()

)

select * from standing
