{# Whom a list takes, holds back or leaves out, as the ledger keeps them. Suppressions are read once more: one that became known
   since the lists were decided counts. #}
create or replace temp table members as
with

again as (

    select
        decisions.* exclude (reason, arm),
        case
            when decisions.reason = 'suppressed' or suppressed_now.subscriber_id is null then decisions.reason
            else suppressed_now.reason
        end as reason,
        case when suppressed_now.subscriber_id is null then decisions.arm end as arm
    from decisions
    left join suppressed_now on decisions.subscriber_id = suppressed_now.subscriber_id
    where decisions.list_number = {{ list_number }}

)

select
    {{ run_id | text(dialect) }} as run_id,
    list_name,
    {{ run_date | day }} as run_date,
    subscriber_id,
    arm,
    case when reason is null then row_number() over (partition by reason is null order by place) end as position,
    offer_code,
    reason,
    case when reason = 'lost_to_priority' then lost_to end as lost_to,
    {{ channel | text(dialect) }} as channel
    {%- for column in kept %},
    {{ column }}
    {%- endfor %}
from again
