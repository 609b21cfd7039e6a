-- A rate without a target of its own goes by the one of the level above it all, the operator's; a size does not.
{% set keys = ['region_code', 'county_code', 'manager_id'] %}
{% set levels = {
    'operator': [], 'region': ['region_code'], 'county': ['region_code', 'county_code'], 'manager': ['manager_id'], 'cell': keys
} %}
with

measures as (

    select measure, is_rate = 1 as is_rate from {{ ref('scorecard_measures') }}

),

counted as (

    {% for level, own in levels.items() %}
    select
        month,
        measure,
        '{{ level }}' as level,
        {%- for key in keys %}
        {{ key if key in own else "'all'" }} as {{ key }},
        {%- endfor %}
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from {{ ref('scorecard_parts') }}
    group by month, measure{% for key in own %}, {{ key }}{% endfor %}
    {{ "union all" if not loop.last }}
    {% endfor %}

),

valued as (

    select
        counted.*,
        measures.is_rate,
        case when measures.is_rate then {{ ratio('counted.numerator', 'counted.denominator') }}
            else cast(counted.numerator as double) end as actual
    from counted
    inner join measures on counted.measure = measures.measure

),

-- Of the targets that hold, that of the month goes before a standing one, and an own one before the operator's.
targeted as (

    select
        valued.*,
        targets.target_value
    from valued
    left join {{ ref('scorecard_targets') }} as targets
        on valued.measure = targets.measure
        and coalesce(targets.month, valued.month) = valued.month
        and (
            valued.level = targets.level
            {%- for key in keys %}
            and valued.{{ key }} = coalesce(targets.{{ key }}, 'all')
            {%- endfor %}
            or valued.is_rate and targets.level = 'operator'
        )
    qualify row_number() over (
        partition by valued.month, valued.measure, valued.level, valued.{{ keys | join(', valued.') }}
        order by
            case when targets.level = valued.level then 0 else 1 end,
            case when targets.month is null then 1 else 0 end
    ) = 1

)

select
    now.month,
    now.measure,
    now.level,
    {%- for key in keys %}
    now.{{ key }},
    {%- endfor %}
    cast(now.numerator as bigint) as numerator,
    cast(now.denominator as bigint) as denominator,
    now.actual,
    cast(now.target_value as double) as target,
    {{ ratio('now.actual', 'now.target_value') }} as attainment,
    case when now.actual is not null then cast(rank() over (
        partition by now.month, now.measure, now.level order by {{ comparable('now.actual') }} desc nulls last
    ) as integer) end as level_rank,
    now.actual - month_before.actual as change_on_month,
    now.actual - year_before.actual as change_on_year
from targeted as now
{%- for before, months in {'month_before': 1, 'year_before': 12}.items() %}
left join valued as {{ before }}
    on now.measure = {{ before }}.measure
    and now.level = {{ before }}.level
    {%- for key in keys %}
    and now.{{ key }} = {{ before }}.{{ key }}
    {%- endfor %}
    and {{ months_before('now.month', months | string) }} = {{ before }}.month
{%- endfor %}
