-- Times that a line came to the operator.
select
    visit_id,
    subscriber_id,
    visited_at,
    visit_date,
    channel,
    purpose_code
from {{ ref('int_contacts__visits_dated') }}
