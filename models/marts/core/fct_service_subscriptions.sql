-- Add-on services that lines have or had, begun by the business date.
select
    periods.subscriber_id,
    periods.service_code,
    services.service_class,
    services.monthly_fee,
    periods.start_date,
    periods.end_date,
    periods.is_running
from {{ ref('int_revenue__service_periods') }} as periods
left join {{ ref('dim_services') }} as services on periods.service_code = services.service_code
