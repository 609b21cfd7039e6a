{# The CTEs that end with `differences`: the standardised mean difference of each covariate, treated less control, for each split
   of `members` (split, is_control, region_code and the numbers of `balanced`): the difference of means over the root of the mean
   variance. Null where an arm is empty or all are alike. Regions are told by their shares. Differences are rounded: the order in
   which rows are added up must not choose. #}
{% macro differences_ctes(members, balanced) -%}
cells as (

    select
        split,
        is_control,
        region_code,
        count(*) as n
        {%- for number in balanced %},
        count({{ number }}) as {{ number }}_n,
        sum({{ number }}) as {{ number }}_sum,
        sum({{ number }} * {{ number }}) as {{ number }}_squares
        {%- endfor %}
    from {{ members }}
    group by split, is_control, region_code

),

arms as (

    select
        split,
        is_control,
        sum(n) as n
    from cells
    group by split, is_control

),

regions as (

    select distinct
        split,
        region_code
    from cells

),

shares as (

    select
        regions.split,
        concat('region_code ', coalesce(regions.region_code, 'unknown')) as covariate,
        arms.is_control,
        coalesce(cells.n, 0) / arms.n as mean
    from regions
    inner join arms on regions.split = arms.split
    left join cells
        on
            regions.split = cells.split
            and arms.is_control = cells.is_control
            and regions.region_code is not distinct from cells.region_code

),

measured as (

    {%- for number in balanced %}
    select
        split,
        '{{ number }}' as covariate,
        is_control,
        sum({{ number }}_sum) / sum({{ number }}_n) as mean,
        (sum({{ number }}_squares) - sum({{ number }}_sum) * sum({{ number }}_sum) / sum({{ number }}_n))
        / nullif(sum({{ number }}_n) - 1, 0) as variance
    from cells
    group by split, is_control
    union all
    {%- endfor %}
    select
        split,
        covariate,
        is_control,
        mean,
        mean * (1 - mean) as variance
    from shares

),

paired as (

    select
        split,
        covariate,
        max(mean) filter (not is_control) as treated,
        max(mean) filter (is_control) as control,
        sqrt(greatest(sum(variance) filter (not is_control) + sum(variance) filter (is_control), 0) / 2) as spread
    from measured
    group by split, covariate

),

differences as (

    select
        split,
        covariate,
        round(treated, 6) as treated,
        round(control, 6) as control,
        round((treated - control) / nullif(spread, 0), 6) as difference
    from paired

)
{%- endmacro %}
