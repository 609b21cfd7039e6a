-- Churn over the last three complete months by group: the one that a line showed at its churn date, or at the period's end.
with

base as (

    select * from {{ ref('fct_churn_base') }}
    where month = {{ last_complete_month() }}

),

shown as (

    select
        base.subscriber_id,
        memberships.group_id
    from base
    inner join {{ ref('int_subscribers__memberships') }} as memberships
        on base.subscriber_id = memberships.subscriber_id
        and memberships.joined_on <= base.state_date
        and memberships.left_on > base.state_date
    qualify row_number() over (partition by base.subscriber_id order by memberships.show_order) = 1

)

select
    coalesce(shown.group_id, 'unknown') as group_id,
    cast(sum(case when base.is_churned then 1 else 0 end) as bigint) as churned,
    cast(sum(case when base.is_churned then 0 else 1 end) as bigint) as on_net_end,
    {{ churn_rate('base.is_churned') }} as churn_rate
from base
left join shown on base.subscriber_id = shown.subscriber_id
group by 1
