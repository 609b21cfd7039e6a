-- Churn over the last three complete months by region.
select
    rates.value as region_code,
    regions.region_name,
    rates.churned,
    rates.on_net_end,
    rates.churn_rate
from {{ ref('churn_rates') }} as rates
left join {{ ref('int_subscribers__region_names') }} as regions on rates.value = regions.region_code
where rates.grouped_by = 'region_code'
