-- Money received of a line and month, less reversals.
select
    subscriber_id,
    month,
    cast(sum(paid_amount) as decimal(18, 2)) as paid_amount
from {{ ref('int_revenue__payments_by_channel') }}
group by subscriber_id, month
