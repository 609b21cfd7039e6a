-- Who a line is: its state, tenure, plan, brand and place.
select
    subscriber_id,
    is_on_net,
    status_code,
    activation_date,
    tenure_months,
    tenure_band,
    plan_code,
    plan_name,
    brand_code,
    payment_type,
    number_class,
    region_code,
    county_code
from {{ ref('dim_subscribers') }}
