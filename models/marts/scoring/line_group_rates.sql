-- How many of its like each line had lost at each month's end: churn over three months of its plan, brand, off-net band and
-- number class, as group_rates has it for the last complete month alone. The brand is the plan's: the register has that of the
-- business date, which knows what came after.
{{ config(materialized='view', access='private', meta={'public': false}) }}
{% set attributes = ['plan_code', 'brand_code', 'offnet_band', 'number_class'] %}
with

lines as (

    select
        base.month,
        base.subscriber_id,
        case when base.is_churned then 1 else 0 end as is_churned,
        coalesce(base.plan_code, 'unknown') as plan_code,
        coalesce(plans.brand_code, 'unknown') as brand_code,
        coalesce(registered.number_class, 'unknown') as number_class,
        {{ offnet_band('base.offnet_share_3m') }} as offnet_band
    from {{ ref('fct_churn_base') }} as base
    inner join {{ ref('dim_subscribers') }} as registered on base.subscriber_id = registered.subscriber_id
    left join {{ ref('dim_plans') }} as plans on base.plan_code = plans.plan_code

),

counted as (

    select
        month,
        subscriber_id,
        is_churned,
        {%- for attribute in attributes %}
        sum(is_churned) over (partition by month, {{ attribute }}) as {{ attribute }}_churned,
        count(*) over (partition by month, {{ attribute }}) as {{ attribute }}_lines,
        {%- endfor %}
        sum(is_churned) over (partition by month) as all_churned,
        count(*) over (partition by month) as all_lines
    from lines

),

rated as (

    select
        month,
        subscriber_id,
        {%- for attribute in attributes %}
        case
            when {{ attribute }}_lines - {{ attribute }}_churned >= {{ rule('churn_rules', 'group_rate_min_subscribers') }}
                then {{ ratio(attribute ~ '_churned', '(' ~ attribute ~ '_lines - ' ~ attribute ~ '_churned)') }}
            else {{ ratio('all_churned', '(all_lines - all_churned)') }}
        end as {{ attribute }}_rate{{ "," if not loop.last }}
        {%- endfor %}
    from counted
    where is_churned = 0

)

select
    month,
    subscriber_id,
    plan_code_rate as plan_churn_rate,
    offnet_band_rate as offnet_band_churn_rate,
    100 * (plan_code_rate + brand_code_rate + offnet_band_rate + number_class_rate) as group_rate_score
from rated
