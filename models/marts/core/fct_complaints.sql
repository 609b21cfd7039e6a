-- Complaints with how long they took and whether the same line had complained of the same thing shortly before. A close after
-- the business date has not happened yet.
with

complaints as (

    select
        complaint_id,
        subscriber_id,
        opened_at,
        case when cast(closed_at as date) <= {{ as_of_date() }} then closed_at end as closed_at,
        category_code,
        case when cast(closed_at as date) <= {{ as_of_date() }} then is_satisfied end as is_satisfied,
        lag(opened_at) over (
            partition by subscriber_id, category_code order by opened_at, complaint_id
        ) as opened_at_before
    from {{ ref('stg_channel__complaints') }}

)

select
    complaint_id,
    subscriber_id,
    opened_at,
    closed_at,
    category_code,
    is_satisfied,
    -- A close before the opening is a fault of the source: the complaint is closed, nobody knows after how many days.
    case when closed_at >= opened_at
        then cast({{ dbt.datediff('opened_at', 'closed_at', 'day') }} as integer)
    end as days_to_close,
    opened_at_before is not null
    and {{ dbt.datediff('opened_at_before', 'opened_at', 'day') }}
    <= {{ rule('service_rules', 'repeat_complaint_days') }} as is_repeat
from complaints
