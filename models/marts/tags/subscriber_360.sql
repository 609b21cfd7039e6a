-- The whole picture: every tag of every line, one row a line. A tag is described where it is made; nothing is added here.
-- So its columns stand in no second contract: they are the columns of the families.
{{ config(contract={'enforced': false}, meta={'months_of_a_line': 2}) }}
select *
from {{ ref('tags_basic') }}
left join {{ ref('tags_product') }} using (subscriber_id)
left join {{ ref('tags_lifecycle') }} using (subscriber_id)
left join {{ ref('tags_moments') }} using (subscriber_id)
left join {{ ref('tags_behaviour') }} using (subscriber_id)
left join {{ ref('tags_preference') }} using (subscriber_id)
left join {{ ref('tags_value') }} using (subscriber_id)
left join {{ ref('tags_tariff') }} using (subscriber_id)
left join {{ ref('tags_risk') }} using (subscriber_id)
left join {{ ref('tags_contact') }} using (subscriber_id)
left join {{ ref('tags_marketing') }} using (subscriber_id)
