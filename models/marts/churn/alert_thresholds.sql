-- Thresholds at which alerts are replayed: those in force, others that are tried, and all alerts together, the severe ones apart,
-- which have none.
{{ config(materialized='view', access='private', meta={'public': false}) }}
select alert_code, cast(threshold as decimal(18, 6)) as threshold, true as is_in_force
from {{ ref('alert_rules') }}

union all

select distinct tried.alert_code, cast(tried.threshold as decimal(18, 6)) as threshold, false as is_in_force
from {{ ref('alert_thresholds_tried') }} as tried
inner join {{ ref('alert_rules') }} as rules on tried.alert_code = rules.alert_code
where tried.threshold <> rules.threshold

union all

select scope as alert_code, cast(0 as decimal(18, 6)) as threshold, true as is_in_force
from (values ('any'), ('any_severe')) as scopes (scope)
