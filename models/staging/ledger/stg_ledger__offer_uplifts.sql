-- What asking changes, by offer whose uplift was learnt and line: of the last month scored, which is the last complete one unless
-- scoring failed; none of lines whose processing is restricted.
with

source as (

    select * from {{ source('ledger', 'offer_uplifts') }}
    where month <= {{ last_complete_month() }}

),

last_scored as (

    select max(month) as month from source

),

standing as (

    select source.*
    from source
    inner join last_scored on source.month = last_scored.month
    where source.subscriber_id not in (select subscriber_id from {{ source('ledger', 'restrictions') }})

)

select * from standing
