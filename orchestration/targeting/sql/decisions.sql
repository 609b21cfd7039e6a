{# Who is exported, and why the others are left out. Needs the macro of draw.sql. #}
create or replace temp table decisions as
with

split as (

    select
        prioritised.*,
        lists.row_limit,
        coalesce(
            prioritised.reason,
            case when hash_share(lists.salt, prioritised.subscriber_id) < lists.control_share then 'control' end
        ) as step
    from prioritised
    inner join lists on prioritised.list_number = lists.list_number

),

counted as (

    select
        *,
        sum(case when step is null then 1 else 0 end) over (partition by list_number order by place) as treated_to_here
    from split

),

cut as (

    select
        * exclude (step, reason),
        -- control beyond the cut would be compared with nobody: the limit cuts both arms at one place
        case
            when step is null and treated_to_here > row_limit then 'over_limit'
            when step = 'control' and treated_to_here >= row_limit then 'over_limit'
            else step
        end as reason
    from counted

)

select
    list_number,
    list_name,
    subscriber_id,
    offer_code,
    reason,
    lost_to,
    place,
    {%- for column in kept %}
    {{ column }},
    {%- endfor %}
    case when reason is null then 'treated' when reason in ('control', 'universal_control') then reason end as arm
from cut
