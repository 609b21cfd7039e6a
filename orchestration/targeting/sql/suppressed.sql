{# Who must not be contacted on the channel on the day: `suppressed` (the line is) or `phone_suppressed` (its phone alone is). #}
{% from "macros/reach.sql" import reach_ctes %}
with

{{ reach_ctes(relations, [channel], run_date) }},

by_line as (

    select subscriber_id
    from closed
    where closed_{{ channel }} = 1

),

by_phone as (

    select phones.subscriber_id
    from phones
    inner join closed_phones on phones.phone_key = closed_phones.phone_key
    where closed_phones.closed_{{ channel }} = 1

)

select
    coalesce(by_line.subscriber_id, by_phone.subscriber_id) as subscriber_id,
    case when by_line.subscriber_id is not null then 'suppressed' else 'phone_suppressed' end as reason
from by_line
full outer join by_phone on by_line.subscriber_id = by_phone.subscriber_id
