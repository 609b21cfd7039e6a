-- How well outlets and plans sold: of their new lines, the shares that never paid twice, hardly used the line, or were gone
-- after half a year, each checked against what is usual among their peers.
{% set shares = ['no_second_topup_share', 'low_activity_share', 'gone_by_month_6_share'] %}
with

new_lines as (

    select
        first_days.*,
        case when first_days.payment_type = 'prepaid' then
            case when first_days.second_payment_day <= {{ rule('churn_rules', 'second_topup_day') }} then 0 else 1 end
        end as has_no_second_topup,
        case when first_days.active_days < {{ rule('churn_rules', 'low_activity_days') }} then 1 else 0 end as is_low_activity,
        -- A line without a row then had churned before.
        case when {{ dbt.dateadd('month', 6, 'first_days.activation_month') }} <= {{ last_complete_month() }} then
            case when later.is_on_net_end then 0 else 1 end
        end as is_gone_by_month_6
    from {{ ref('int_subscribers__first_days') }} as first_days
    left join {{ ref('fct_subscriber_months') }} as later
        on first_days.subscriber_id = later.subscriber_id
        and cast({{ dbt.dateadd('month', 6, 'first_days.activation_month') }} as date) = later.month

),

entities as (

    select 'outlet' as entity, coalesce(outlet_id, 'unknown') as code, * from new_lines
    union all
    select 'plan' as entity, coalesce(plan_code, 'unknown') as code, * from new_lines

),

shares as (

    select
        entity,
        code,
        count(*) as new_subscribers,
        avg(cast(has_no_second_topup as double)) as no_second_topup_share,
        avg(cast(is_low_activity as double)) as low_activity_share,
        avg(cast(is_gone_by_month_6 as double)) as gone_by_month_6_share
    from entities
    group by entity, code

),

limits as (

    select
        entity,
        {%- for share in shares %}
        avg({{ share }}) as {{ share }}_mean,
        avg({{ share }}) + {{ rule('churn_rules', 'sales_deviations') }} * stddev_samp({{ share }})
            as {{ share }}_limit{{ "," if not loop.last }}
        {%- endfor %}
    from shares
    where new_subscribers >= {{ rule('churn_rules', 'sales_min_subscribers') }}
    group by entity

),

judged as (

    select
        shares.*,
        {%- for share in shares %}
        limits.{{ share }}_mean,
        limits.{{ share }}_limit,
        coalesce(
            shares.new_subscribers >= {{ rule('churn_rules', 'sales_min_subscribers') }}
            and {{ comparable('shares.' ~ share) }}
            > {{ comparable('limits.' ~ share ~ '_limit') }}, false
        ) as {{ share }}_passed{{ "," if not loop.last }}
        {%- endfor %}
    from shares
    left join limits on shares.entity = limits.entity

)

select
    entity,
    code,
    cast(new_subscribers as bigint) as new_subscribers,
    {%- for share in shares %}
    cast({{ share }} as double) as {{ share }},
    {%- endfor %}
    {{ shares | join('_passed or ') }}_passed as is_flagged,
    nullif(concat(
        {%- for share in shares %}
        case when {{ share }}_passed
            then concat(
                '{{ share }} ', cast({{ share }} as decimal(9, 4)),
                ' (mean ', cast({{ share }}_mean as decimal(9, 4)), ', limit ', cast({{ share }}_limit as decimal(9, 4)), ') '
            )
            else ''
        end{{ "," if not loop.last }}
        {%- endfor %}
    ), '') as flagged_by
from judged
