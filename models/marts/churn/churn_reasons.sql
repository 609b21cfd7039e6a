-- Why lines left in the last three complete months: all of them, and the mid/high-end among them. Lines that told no reason have
-- a row of their own, and no part in ranks and shares of the reasons told.
with

churned as (

    select
        stays.reason_code,
        coalesce(scored.is_mid_high_end, false) as was_mid_high_end
    from {{ ref('fct_churn_base') }} as base
    inner join {{ ref('int_subscribers__stays') }} as stays
        on base.subscriber_id = stays.subscriber_id
        and base.state_date = stays.from_date
    -- At the last billed month end before the churn month.
    left join {{ ref('fct_value_months') }} as scored
        on base.subscriber_id = scored.subscriber_id
        and least(
            cast({{ dbt.dateadd('month', -1, month_of('base.state_date')) }} as date), {{ last_billed_month() }}
        ) = scored.month
    where base.month = {{ last_complete_month() }}
        and base.is_churned
        and not stays.is_on_net

),

scoped as (

    select 'all' as scope, reason_code from churned
    union all
    select 'mid_high_end' as scope, reason_code
    from churned
    where was_mid_high_end

),

counted as (

    select
        scope,
        reason_code,
        count(*) as churned
    from scoped
    group by scope, reason_code

),

ranked as (

    select
        *,
        case when reason_code is not null then
            row_number() over (partition by scope, reason_code is null order by churned desc, reason_code asc)
        end as reason_rank,
        sum(case when reason_code is not null then churned end) over (partition by scope) as scope_told,
        sum(churned) over (partition by scope) as scope_churned
    from counted

)

select
    scope,
    coalesce(reason_code, 'unknown') as reason_code,
    reason_code is not null as is_told,
    cast(churned as bigint) as churned,
    case when reason_code is not null then cast(churned / scope_told as double) end as share,
    case when reason_code is not null then cast(
        sum(churned) over (partition by scope, reason_code is null order by reason_rank) / scope_told as double
    ) end as cumulative_share,
    cast(churned / scope_churned as double) as share_of_churned,
    cast(reason_rank as integer) as rank
from ranked
