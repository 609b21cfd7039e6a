-- How far each raw table is delivered, and how often it usually comes: the longest of the last three gaps between deliveries, so
-- that a table that comes at month ends is not late in between, and one that comes every day is late after one. A table of months
-- may come in parts, some days after each other once a month: its rhythm is the longest of the last ten gaps.
with

gaps as (

    select
        table_name,
        delivery_date,
        {{ dbt.datediff('lag(delivery_date) over (partition by table_name order by delivery_date)', 'delivery_date', 'day') }}
            as gap_days,
        row_number() over (partition by table_name order by delivery_date desc) as latest_first
    from {{ ref('stg_ledger__deliveries') }}

),

accepted as (

    select
        table_name,
        max(delivery_date) as delivered_to,
        cast(max(case when latest_first <= 3 then gap_days end) as integer) as usual_days,
        cast(max(case when latest_first <= 10 then gap_days end) as integer) as usual_days_in_parts,
        count(gap_days) as gaps
    from gaps
    group by table_name

),

last_attempts as (

    select
        table_name,
        outcome as last_outcome
    from {{ ref('stg_ledger__attempts') }}
    qualify row_number() over (partition by table_name order by delivery_date desc) = 1

)

select
    last_attempts.table_name,
    accepted.delivered_to,
    accepted.usual_days,
    accepted.usual_days_in_parts,
    coalesce(accepted.gaps, 0) as gaps,
    last_attempts.last_outcome = 'rejected' as is_last_rejected
from last_attempts
left join accepted on last_attempts.table_name = accepted.table_name
