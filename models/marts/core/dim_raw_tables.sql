-- How fresh the world is that a version shows: every raw table of the contract, to which day it is delivered, and whether it is
-- late. A required table is late when it does not come on the day, as long as its own rhythm is not known.
with

tables as (

    {% for table in raw_tables() %}
    select
        {{ text(table.name) }} as table_name,
        {{ text(table.system) }} as system,
        {{ text(table.delivery) }} as delivery,
        {{ 'true' if table.required else 'false' }} as is_required,
        {{ 'true' if (table.event_time or '').endswith('_month') else 'false' }} as is_monthly
    {{ "union all" if not loop.last }}
    {% endfor %}

),

limits as (

    select
        tables.table_name,
        coalesce(max(case when limits.table_name <> '*' then limits.max_stale_days end), max(limits.max_stale_days))
            as limit_days
    from tables
    inner join {{ ref('intake_limits') }} as limits on limits.table_name in (tables.table_name, '*')
    group by tables.table_name

),

dated as (

    select
        tables.table_name,
        tables.system,
        tables.delivery,
        tables.is_required,
        latest.delivered_to,
        cast({{ dbt.datediff('latest.delivered_to', as_of_date(), 'day') }} as integer) as days_behind,
        -- Until ten gaps are known, a month.
        case
            when not tables.is_monthly then latest.usual_days
            when latest.gaps < 10 then greatest(latest.usual_days_in_parts, 31)
            else latest.usual_days_in_parts
        end as usual_days,
        cast(limits.limit_days as integer) as limit_days,
        coalesce(latest.is_last_rejected, false) as is_last_rejected
    from tables
    inner join limits on tables.table_name = limits.table_name
    left join {{ ref('int_deliveries__latest') }} as latest on tables.table_name = latest.table_name

)

select
    *,
    coalesce(
        days_behind > limit_days
        or days_behind > 0 and days_behind >= coalesce(usual_days, case when is_required then 1 end),
        false
    ) as is_late
from dated
