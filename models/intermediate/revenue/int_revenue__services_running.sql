-- How many add-on services of each line run at the end of each complete month; one in two rows counts once.
select
    months.month,
    periods.subscriber_id,
    count(distinct periods.service_code) as services_running
from {{ ref('int_subscribers__months_held') }} as months
inner join {{ ref('int_revenue__service_periods') }} as periods
    on months.last_day >= periods.start_date
    and (periods.end_date is null or months.last_day <= periods.end_date)
where months.is_complete_month
group by months.month, periods.subscriber_id
