-- Loyalty points earned by line and calendar year.
select
    subscriber_id,
    points_year,
    points_earned,
    points_redeemed
from {{ ref('stg_crm__loyalty_points') }}
