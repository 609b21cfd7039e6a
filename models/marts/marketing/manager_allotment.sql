{{ config(materialized='view') }}
select
    subscriber_id,
    manager_id,
    is_new_assignment as is_new_allotment,
    reason
from {{ ref('manager_assignment') }}
