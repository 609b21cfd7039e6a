-- The past of the tags that the months keep: their value at each month's end, as it is known today. A tag says `history: true` and
-- bears the name of a column of the value months or of the months themselves.
{{ config(materialized='view') }}
{% set tags = catalogued_tags() | selectattr('history', 'defined') | selectattr('history') | map(attribute='name') | list %}
{% set valued = (graph.nodes.values() | selectattr('name', 'equalto', 'subscriber_value_months') | first).columns if execute else {} %}
select
    months.month,
    months.subscriber_id
    {%- for tag in tags %},
    {{ 'worth' if tag in valued else 'months' }}.{{ tag }}
    {%- endfor %}
from {{ ref('fct_subscriber_months') }} as months
left join {{ ref('subscriber_value_months') }} as worth
    on months.subscriber_id = worth.subscriber_id
    and months.month = worth.month
where months.is_complete_month and not months.is_after_churn
