-- Months whose call pairs count in the circles of each complete month: the three that end with it, fewer where the warehouse
-- holds no more.
with

months as (

    select * from {{ ref('int_subscribers__months_held') }}
    where is_complete_month

)

select
    months.month,
    called.month as call_month
from months
inner join months as called
    on months.month >= called.month
    and cast({{ dbt.dateadd('month', -2, 'months.month') }} as date) <= called.month
