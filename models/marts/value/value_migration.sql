-- How lines moved between tiers in each month: from the tier at the month end before, or new, or churned where they came back;
-- to the tier at this one, or churned. The movements in and out are those of churn_monthly. Only months that changed are
-- built.
{% set to_build = built_by_month('value_month_sources') %}
with

facts as (

    select *
    from {{ ref('fct_subscriber_months') }}
    where month <= {{ last_billed_month() }}
        and not is_after_churn
        and (is_on_net_opening or is_new or is_reinstated)
        and {{ in_months('month', to_build) }}

),

moved as (

    select
        facts.month,
        case
            when facts.is_on_net_opening then before.value_tier
            when facts.is_new then 'new'
            else 'churned'
        end as from_tier,
        case when facts.is_on_net_end then after.value_tier else 'churned' end as to_tier
    from facts
    left join {{ ref('fct_value_months') }} as before
        on facts.subscriber_id = before.subscriber_id
        and {{ in_months('before.month', to_build, back=1) }}
        and cast({{ dbt.dateadd('month', -1, 'facts.month') }} as date) = before.month
    left join {{ ref('fct_value_months') }} as after
        on facts.subscriber_id = after.subscriber_id
        and {{ in_months('after.month', to_build) }}
        and facts.month = after.month
    -- Nothing is known of tiers before the first month held.
    where facts.month > (select min(month) from {{ ref('int_subscribers__months_held') }})

)

select
    moved.month,
    moved.from_tier,
    moved.to_tier,
    cast(count(*) as bigint) as subscribers,
    max(sources.source_fingerprint) as source_fingerprint
from moved
left join {{ ref('value_month_sources') }} as sources on moved.month = sources.month
group by moved.month, moved.from_tier, moved.to_tier
