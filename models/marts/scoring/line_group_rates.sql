-- How many of its like each line whose features are kept had lost at each month's end: churn over three months of its plan,
-- brand, off-net band and number class, as group_rates has it for the last complete month alone. The brand is the plan's: the
-- register has that of the business date, which knows what came after. Only months that changed are built.
{{ config(access='private', meta={'public': false}) }}
{% set to_build = built_by_month('line_feature_sources') %}
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
    where {{ in_months('base.month', to_build) }}

),

counted as (

    select
        month,
        {{ attributes | join(', ') }},
        sum(is_churned) as churned,
        count(*) as lines
    from lines
    group by month, {{ attributes | join(', ') }}

),

of_all as (

    select
        month,
        {{ ratio('sum(churned)', 'sum(lines) - sum(churned)') }} as rate
    from counted
    group by month

),

{% for attribute in attributes %}
by_{{ attribute }} as (

    select
        counted.month,
        counted.{{ attribute }},
        case
            when sum(counted.lines) - sum(counted.churned) >= {{ rule('churn_rules', 'group_rate_min_subscribers') }}
                then {{ ratio('sum(counted.churned)', '(sum(counted.lines) - sum(counted.churned))') }}
            else max(of_all.rate)
        end as rate
    from counted
    inner join of_all on counted.month = of_all.month
    group by counted.month, counted.{{ attribute }}

),

{% endfor %}
rated as (

    select
        lines.month,
        lines.subscriber_id
        {%- for attribute in attributes %},
        by_{{ attribute }}.rate as {{ attribute }}_rate
        {%- endfor %}
    from lines
    inner join {{ ref('feature_lines') }} as kept
        on lines.subscriber_id = kept.subscriber_id
        and lines.month = kept.month
        and {{ in_months('kept.month', to_build) }}
    {%- for attribute in attributes %}
    inner join by_{{ attribute }}
        on lines.month = by_{{ attribute }}.month
        and lines.{{ attribute }} = by_{{ attribute }}.{{ attribute }}
    {%- endfor %}
    where lines.is_churned = 0

)

select
    rated.month,
    rated.subscriber_id,
    rated.plan_code_rate as plan_churn_rate,
    rated.offnet_band_rate as offnet_band_churn_rate,
    100 * (rated.plan_code_rate + rated.brand_code_rate + rated.offnet_band_rate + rated.number_class_rate) as group_rate_score,
    sources.source_fingerprint
from rated
inner join {{ ref('line_feature_sources') }} as sources on rated.month = sources.month
