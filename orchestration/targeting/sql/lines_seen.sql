{# What channels see of each line or of some: the first offers open to it, its last contact, why it must not be disturbed on which
   channel, and what scripts and reasons are made of. One scan of all tags. #}
{% from "macros/open_offers.sql" import open_offers_cte %}
{% from "macros/reach.sql" import reach_ctes %}
with

{{ reach_ctes(relations, channels, run_date) }},

{{ open_offers_cte(relations, run_date) }},

first_offers as (

    select
        subscriber_id
        {%- for place in places %},
        max(case when place = {{ place }} then offer_code end) as offer_{{ place }}_code
        {%- endfor %},
        max(case when place = 1 then offer_name end) as best_offer_name
    from open_offers
    where place <= {{ places | max }}
    group by subscriber_id

),

-- The dearest of the tasks that are open for a line.
open_tasks as (

    select
        tasks.subscriber_id,
        concat(coalesce(purposes.name_en, tasks.purpose), ', due ', cast(tasks.due_date as string)) as open_task,
        concat(coalesce(purposes.name_zh, tasks.purpose), '，', cast(tasks.due_date as string), '前') as open_task_zh,
        row_number() over (
            partition by tasks.subscriber_id order by tasks.priority_amount desc, tasks.due_date asc, tasks.task_id asc
        ) as place
    from {{ relations.tasks }} as tasks
    left join {{ relations.task_purposes }} as purposes on tasks.purpose = purposes.purpose
    where tasks.is_open

)

select
    tag_values.subscriber_id,
    tag_values.is_on_net,
    first_offers.offer_1_code as best_offer_code,
    first_offers.best_offer_name,
    open_tasks.open_task,
    open_tasks.open_task_zh,
    {%- for place in places %}
    first_offers.offer_{{ place }}_code,
    {%- endfor %}
    {%- for column, data_type in seen.items() %}
    cast({{ "tag_values." ~ (column | quoted(dialect)) if column in present else "null" }} as {{ data_type }}) as {{ column }},
    {%- endfor %}
    {%- for channel in channels %}
    case
        when closed.closed_{{ channel }} = 1 then 'suppressed'
        when closed_phones.closed_{{ channel }} = 1 then 'phone_suppressed'
        when tag_values.{{ held_out }} then 'universal_control'
    end as quiet_{{ channel }}{{ "," if said_tags or not loop.last }}
    {%- endfor %}
    {%- for tag in said_tags %}
    tag_values.{{ tag | quoted(dialect) }} as {{ ("said " ~ tag) | quoted(dialect) }}{{ "," if not loop.last }}
    {%- endfor %}
from {{ relations.tag_values }} as tag_values
left join first_offers on tag_values.subscriber_id = first_offers.subscriber_id
left join open_tasks on tag_values.subscriber_id = open_tasks.subscriber_id and open_tasks.place = 1
left join closed on tag_values.subscriber_id = closed.subscriber_id
left join phones on tag_values.subscriber_id = phones.subscriber_id
left join closed_phones on phones.phone_key = closed_phones.phone_key
{%- if subscribers is not none %}
where tag_values.subscriber_id in ({{ subscribers | map("text", dialect) | join(", ") }})
{%- endif %}
