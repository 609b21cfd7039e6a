-- Loyalty points by line and calendar year: what the VIP level goes by.
select
    subscriber_id,
    cast(points_year as integer) as points_year,
    points_earned,
    points_redeemed
from {{ ref('stg_crm__loyalty_points') }}
