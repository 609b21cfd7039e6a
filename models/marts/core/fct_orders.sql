-- Offers taken up, whatever became of the order.
select
    order_id,
    subscriber_id,
    offer_code,
    ordered_at,
    cast(ordered_at as date) as order_date,
    channel,
    order_status,
    order_status = 'completed' as is_completed,
    amount
from {{ ref('stg_channel__orders') }}
