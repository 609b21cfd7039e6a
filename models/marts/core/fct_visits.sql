-- Times that a line came to the operator.
select
    visit_id,
    subscriber_id,
    visited_at,
    cast(visited_at as date) as visit_date,
    channel,
    purpose_code
from {{ ref('stg_channel__visits') }}
