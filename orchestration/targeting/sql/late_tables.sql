{# Raw tables that are further behind the business date than they may be, or whose newest delivery was rejected. #}
select
    table_name,
    delivered_to,
    is_last_rejected
from {{ relations.raw_tables }}
where days_behind > limit_days or is_last_rejected
