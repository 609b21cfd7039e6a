{# How many of those whom a list matches each other decided list matches too, left out or not. #}
select
    other.list_name,
    count(*) as shared
from decisions as mine
inner join decisions as other on mine.subscriber_id = other.subscriber_id and mine.list_number <> other.list_number
where mine.list_number = {{ list_number }}
group by other.list_name
order by count(*) desc, other.list_name
