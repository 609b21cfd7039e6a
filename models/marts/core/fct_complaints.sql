-- Complaints as they stand.
select
    complaint_id,
    subscriber_id,
    opened_at,
    closed_at,
    category_code,
    is_satisfied,
    days_to_close,
    is_repeat
from {{ ref('int_contacts__complaints_followed') }}
