{{ config(materialized='view') }}
select
    {{ month_of('reasons.reason_date') }} as month,
    tasks.manager_id,
    tasks.subscriber_id,
    case when substr(reasons.reason, 1, 6) = 'alert:' then 'alert' else 'list' end as kind,
    case when substr(reasons.reason, 1, 6) = 'alert:' then substr(reasons.reason, 7) else substr(reasons.reason, 6) end as code,
    reasons.reason_date as raised_on,
    coalesce(tasks.ending = 'result', false) as is_done
from {{ ref('tasks') }} as tasks
inner join {{ ref('task_reasons') }} as reasons on tasks.task_id = reasons.task_id
where tasks.manager_id is not null
    and (substr(reasons.reason, 1, 6) = 'alert:' or substr(reasons.reason, 1, 5) = 'list:')
