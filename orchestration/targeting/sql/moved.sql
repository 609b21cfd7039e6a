{# Who was exported in one run of a list alone, and what became of them in the other. #}
select
    mine.subscriber_id,
    case when other.subscriber_id is null then {{ unmatched | text(dialect) }} else other.reason end as reason
from {{ mine }} as mine
left join {{ other }} as other on mine.subscriber_id = other.subscriber_id
where mine.arm = 'treated' and other.arm is distinct from 'treated'
order by mine.subscriber_id
