-- What became of tasks, as the tool of the managers tells it, with the day it happened.
{{ config(materialized='view') }}
select
    event_id,
    task_id,
    event_at,
    cast(event_at as date) as event_date,
    event_type,
    manager_id,
    outlet_id,
    appointment_date,
    result_code
from {{ ref('stg_channel__task_events') }}
