-- The past of the tags that the months keep: their value at each month's end, as it is known today. A tag says `history: true`
-- and bears the name of a column of the value months or of the months themselves.
{{ config(materialized='view') }}
select
    months.month,
    months.subscriber_id
    {%- for tag in historic_tags('subscriber_value_months', false) %},
    months.{{ tag }}
    {%- endfor %}
    {%- for tag in historic_tags('subscriber_value_months', true) %},
    worth.{{ tag }}
    {%- endfor %}
from {{ ref('fct_subscriber_months') }} as months
left join {{ ref('subscriber_value_months') }} as worth
    on months.subscriber_id = worth.subscriber_id
    and months.month = worth.month
where months.is_complete_month and not months.is_after_churn
