-- How well outlets and plans sold: of their new lines, the shares that never paid twice, hardly used the line, or were gone
-- after half a year. A share is flagged where it is surely above that of all other lines: by the lower bound of its interval, so
-- that few lines need to be far off.
{% set shares = {
    'no_second_topup_share': 'has_no_second_topup', 'low_activity_share': 'is_low_activity',
    'gone_by_month_6_share': 'is_gone_by_month_6',
} %}
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

counted as (

    select
        entity,
        code,
        count(*) as new_subscribers,
        {%- for share, sign in shares.items() %}
        sum({{ sign }}) as {{ share }}_bad,
        count({{ sign }}) as {{ share }}_of{{ "," if not loop.last }}
        {%- endfor %}
    from entities
    group by entity, code

),

totals as (

    select
        {%- for share, sign in shares.items() %}
        sum({{ sign }}) as {{ share }}_bad_in_all,
        count({{ sign }}) as {{ share }}_of_all,
        {%- endfor %}
        cast({{ rule('churn_rules', 'sales_confidence_z') }} as double) as z
    from new_lines

),

bounded as (

    select
        counted.*,
        {%- for share in shares %}
        {{ ratio(share ~ '_bad', share ~ '_of') }} as {{ share }},
        {{ wilson(share ~ '_bad', share ~ '_of', '-') }} as {{ share }}_bound,
        {{ ratio('totals.' ~ share ~ '_bad_in_all - coalesce(counted.' ~ share ~ '_bad, 0)',
            '(totals.' ~ share ~ '_of_all - counted.' ~ share ~ '_of)') }} as {{ share }}_others{{ "," if not loop.last }}
        {%- endfor %}
    from counted
    cross join totals

),

judged as (

    select
        *,
        {%- for share in shares %}
        {{ share }}_of >= {{ rule('churn_rules', 'sales_min_subscribers') }}
        and {{ comparable(share ~ '_bound') }} > {{ comparable(share ~ '_others') }}
            as {{ share }}_passed{{ "," if not loop.last }}
        {%- endfor %}
    from bounded

)

select
    entity,
    code,
    cast(new_subscribers as bigint) as new_subscribers,
    {%- for share in shares %}
    {{ share }},
    {%- endfor %}
    coalesce({{ shares | join('_passed, false)
    or coalesce(') }}_passed, false) as is_flagged,
    nullif(concat(
        {%- for share in shares %}
        case when {{ share }}_passed
            then concat(
                '{{ share }} ', cast({{ share }} as decimal(9, 4)), ' (', {{ share }}_bad, ' of ', {{ share }}_of,
                ', surely over ', cast({{ share }}_bound as decimal(9, 4)),
                ', of the others ', cast({{ share }}_others as decimal(9, 4)), ') '
            )
            else ''
        end{{ "," if not loop.last }}
        {%- endfor %}
    ), '') as flagged_by
from judged
