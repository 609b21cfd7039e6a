-- Completed orders, from the run date on, of the offer that a list put to a line that it took.
{{ config(materialized='view') }}
select
    members.list_name,
    members.run_date,
    members.subscriber_id,
    orders.order_id,
    orders.ordered_at,
    orders.order_date
from {{ ref('target_list_members') }} as members
inner join {{ ref('fct_orders') }} as orders
    on members.subscriber_id = orders.subscriber_id
    and members.offer_code = orders.offer_code
    and members.run_date <= orders.order_date
where members.arm = 'treated' and orders.is_completed
