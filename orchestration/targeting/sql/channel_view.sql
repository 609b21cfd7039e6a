{# One row a line: what every channel says to it today. A line on a list is put what the list's file says; another its best offer.
   Needs `lines_seen`, `offers`, and `on_lists`: the lists that lines are on. #}
{% from "macros/said.sql" import said_columns %}
create or replace temp table channel_view as
with

on_one as (

    select *
    from on_lists
    qualify row_number() over (partition by subscriber_id order by run_date desc, list_name) = 1

),

{% for said in exported -%}
said_{{ loop.index }} as (

    select
        cells.subscriber_id,
        {{ said_columns(said, "on_one.offer_code") }}
    from lines_seen as cells
    inner join on_one
        on cells.subscriber_id = on_one.subscriber_id
        and on_one.list_name = {{ said.list_name | text }}
        and on_one.run_date = {{ said.run_date | day }}
    left join offers on on_one.offer_code = offers.offer_code

),

{% endfor -%}
told as (

    {% for said in exported -%}
    select * from said_{{ loop.index }}
    {%- if not loop.last %}
    union all
    {% endif -%}
    {%- else -%}
    {#- Nobody is on a list. -#}
    select
        subscriber_id
        {%- for column in said_names %},
        null::{{ {"list_run_date": "date", "offer_pay_amount": "decimal(12, 2)"}.get(column, "varchar") }} as {{ column }}
        {%- endfor %}
    from lines_seen
    where false
    {%- endfor %}

)

select
    lines_seen.subscriber_id,
    {%- for column in ["list_name", "list_run_date", "purpose", "owner"] %}
    told.{{ column }},
    {%- endfor %}
    {%- for column in ["offer_code", "offer_name", "offer_pay_amount"] %}
    case when told.list_name is null then offers_1.{{ column }} else told.{{ column }} end as {{ column }},
    {%- endfor %}
    {%- for column in ["script_en", "script_zh"] %}
    case when told.list_name is null then offers_1.script else told.{{ column }} end as {{ column }},
    {%- endfor %}
    told.reason,
    told.reason_zh,
    {%- for place in places %}
    lines_seen.offer_{{ place }}_code,
    offers_{{ place }}.offer_name as offer_{{ place }}_name,
    {%- endfor %}
    {%- for column in seen %}
    lines_seen.{{ column }},
    {%- endfor %}
    lines_seen.open_task,
    lines_seen.open_task_zh
    {%- for channel in channels %},
    lines_seen.quiet_{{ channel }}
    {%- endfor %}
from lines_seen
left join told on lines_seen.subscriber_id = told.subscriber_id
{%- for place in places %}
left join offers as offers_{{ place }} on lines_seen.offer_{{ place }}_code = offers_{{ place }}.offer_code
{%- endfor %}
where lines_seen.is_on_net or lines_seen.offer_1_code is not null or told.list_name is not null
order by lines_seen.subscriber_id
