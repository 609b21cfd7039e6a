-- Add-on services that lines have or had, begun by the business date.
select
    periods.subscriber_id,
    periods.service_code,
    services.service_class,
    services.monthly_fee,
    periods.start_date,
    periods.end_date,
    periods.end_date is null or periods.end_date >= {{ as_of_date() }} as is_running
from {{ ref('stg_crm__service_subscriptions') }} as periods
left join {{ ref('dim_services') }} as services on periods.service_code = services.service_code
where periods.start_date <= {{ as_of_date() }}
