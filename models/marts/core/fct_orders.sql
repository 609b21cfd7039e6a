-- Offers taken up, whatever became of the order.
select
    order_id,
    subscriber_id,
    offer_code,
    ordered_at,
    order_date,
    channel,
    order_status,
    is_completed,
    amount
from {{ ref('int_contacts__orders_dated') }}
