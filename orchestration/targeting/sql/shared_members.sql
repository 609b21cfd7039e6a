{# How many subscribers the last runs of each two lists match. #}
select
    one.place as one_place,
    another.place as another_place,
    count(*) as shared
from members as one
inner join members as another on one.subscriber_id = another.subscriber_id
group by all
