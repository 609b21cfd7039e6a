-- The lives of lines cut into stays on the network and off it, for those who ask how a line stood on a day of the past and why
-- it left.
select
    subscriber_id,
    from_date,
    to_date,
    is_on_net,
    reason_code
from {{ ref('int_subscribers__stays') }}
