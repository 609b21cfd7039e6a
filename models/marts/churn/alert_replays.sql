-- What alerts would have gone by at past month ends, and who left in the time after: lines on-net at the end of each billed month
-- whose time is over. What was told of a day is looked for in the whole month; figures of the last 7 days are not known by then.
-- Only months that changed are built.
{{ config(access='private', meta={'public': false}) }}
{% set to_build = built_by_month('alert_replay_sources', by_lines=true) %}
with

months as (

    select * from {{ ref('alert_replay_sources') }}
    where {{ in_months('month', to_build) }}

),

-- Of lines without use in the month itself.
last_uses as (

    select silent.month, silent.subscriber_id, max(earlier.last_usage_date) as last_used_on
    from {{ ref('fct_subscriber_months') }} as silent
    inner join months on silent.month = months.month
    inner join {{ ref('fct_subscriber_months') }} as earlier
        on silent.subscriber_id = earlier.subscriber_id and silent.month > earlier.month
    where silent.last_usage_date is null and silent.is_on_net_end and {{ in_months('silent.month', to_build) }}
    group by silent.month, silent.subscriber_id

),

statuses as (

    select
        months.month,
        taken.subscriber_id,
        {{ dbt.listagg('taken.status_code', "' '", 'order by taken.from_date') }} as statuses_taken
    from months
    inner join {{ ref('int_subscribers__status_periods') }} as taken on taken.from_date between months.month and months.last_day
    group by months.month, taken.subscriber_id

),

contracts as (

    select
        months.month,
        begun.subscriber_id,
        max(begun.end_date) as latest_contract_end
    from months
    inner join {{ ref('fct_contracts') }} as begun on months.last_day >= begun.start_date
    group by months.month, begun.subscriber_id

),

surveys as (

    select
        subscriber_id,
        {{ month_of('surveyed_at') }} as month,
        min(score) as lowest_score
    from {{ ref('fct_surveys') }}
    group by subscriber_id, {{ month_of('surveyed_at') }}

),

leavers as (

    select
        months.month,
        stays.subscriber_id,
        min(stays.from_date) as left_on
    from months
    inner join {{ ref('fct_stays') }} as stays on months.last_day < stays.from_date and months.until_day >= stays.from_date
    where not stays.is_on_net
    group by months.month, stays.subscriber_id

)

select
    lines.month,
    lines.subscriber_id,
    months.last_day,
    coalesce(worth.value_class, 'unknown') as value_class,
    cast({{ dbt.datediff('months.last_day', 'leavers.left_on', 'day') }} as integer) as days_to_leaving,
    statuses.statuses_taken,
    cast({{ dbt.datediff('coalesce(last_usage_date, last_used_on)', 'months.last_day', 'day') }} as integer) as days_since_use,
    cast(lines.balance_amount as decimal(12, 2)) as balance_amount,
    lines.calls_forwarded_offnet,
    lines.competitor_hotline_calls,
    cast(surveys.lowest_score as bigint) as lowest_score,
    lines.arpu_amount,
    averages.arpu_trend,
    averages.mou_trend,
    contracts.latest_contract_end,
    {{ ratio('lines.outgoing_minutes', 'plans.included_minutes') }} as minutes_saturation,
    {{ ratio('lines.dou_mb', 'plans.included_mb') }} as data_saturation,
    customers.birth_month,
    months.source_fingerprint
from {{ ref('fct_subscriber_months') }} as lines
inner join months on lines.month = months.month
{%- for told in ['last_uses', 'statuses', 'contracts', 'surveys', 'leavers'] %}
left join {{ told }} on lines.subscriber_id = {{ told }}.subscriber_id and lines.month = {{ told }}.month
{%- endfor %}
left join {{ ref('fct_subscriber_averages') }} as averages
    on lines.subscriber_id = averages.subscriber_id
    and lines.month = averages.month
left join {{ ref('fct_value_months') }} as worth on lines.subscriber_id = worth.subscriber_id and lines.month = worth.month
left join {{ ref('dim_plans') }} as plans on lines.plan_code = plans.plan_code
left join {{ ref('dim_subscribers') }} as registered on lines.subscriber_id = registered.subscriber_id
left join {{ ref('dim_customers') }} as customers on registered.customer_id = customers.customer_id
where lines.is_complete_month and lines.is_on_net_end and not lines.is_after_churn and {{ in_months('lines.month', to_build) }}
