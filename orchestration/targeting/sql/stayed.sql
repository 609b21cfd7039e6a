{# How many two runs of a list both exported. #}
select count(*) as stayed
from older
inner join newer on older.subscriber_id = newer.subscriber_id
where older.arm = 'treated' and newer.arm = 'treated'
