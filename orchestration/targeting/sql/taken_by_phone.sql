{# A phone is on one list a day, also where another line has it since. #}
insert into taken
select distinct
    taken.list_name,
    twins.subscriber_id
from taken
inner join shared_phones as mine on taken.subscriber_id = mine.subscriber_id
inner join shared_phones as twins on mine.phone_key = twins.phone_key and mine.subscriber_id <> twins.subscriber_id
