-- Net promoter score by month and group of lines: region, county, class of value before the answer, brand.
{% set attributes = ['region_code', 'county_code', 'value_class', 'brand_code'] %}
with

answers as (

    select
        {{ month_of('surveys.surveyed_at') }} as month,
        surveys.nps_class,
        coalesce(lines.region_code, 'unknown') as region_code,
        coalesce(lines.county_code, 'unknown') as county_code,
        coalesce(scored.value_class, 'unknown') as value_class,
        coalesce(lines.brand_code, 'unknown') as brand_code
    from {{ ref('fct_surveys') }} as surveys
    left join {{ ref('dim_subscribers') }} as lines on surveys.subscriber_id = lines.subscriber_id
    -- At the last billed month end before the month of the answer.
    left join {{ ref('fct_value_months') }} as scored
        on surveys.subscriber_id = scored.subscriber_id
        and least(
            cast({{ dbt.dateadd('month', -1, month_of('surveys.surveyed_at')) }} as date), {{ last_billed_month() }}
        ) = scored.month

),

counted as (

    {% for attribute in attributes %}
    {%- set region = 'region_code' if attribute in ['region_code', 'county_code'] else "'all'" %}
    select
        month,
        '{{ attribute }}' as attribute,
        {{ region }} as region_code,
        {{ attribute }} as value,
        {{ nps_counts() }}
    from answers
    group by 1, 2, 3, 4
    {{ "union all" if not loop.last }}
    {% endfor %}

)

select
    month,
    attribute,
    region_code,
    value,
    {{ nps_columns() }}
from counted
