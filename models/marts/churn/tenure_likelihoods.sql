-- What the tenure model learnt: how likely each value of each attribute is among lines that reach 30 months and among those
-- that don't. A value counts once more than it was seen, so that none is impossible. A null is not known, and counts nowhere: the
-- ARPU of who left before the first month held would else tell that he left.
{% set attributes = tenure_attributes() %}
with

trained as (

    select * from {{ ref('tenure_attributes_seen') }}
    where reaches_tenure is not null

),

classes as (

    select true as reaches_tenure
    union all
    select false as reaches_tenure

),

sizes as (

    select
        classes.reaches_tenure,
        count(trained.subscriber_id) as class_size
    from classes
    left join trained on classes.reaches_tenure = trained.reaches_tenure
    group by classes.reaches_tenure

),

seen as (

    {% for attribute in attributes %}
    select '{{ attribute }}' as attribute, {{ attribute }} as value, reaches_tenure from trained
    where {{ attribute }} is not null
    {{ "union all" if not loop.last }}
    {% endfor %}

),

counted as (

    select
        seen.attribute,
        seen.value,
        classes.reaches_tenure,
        sum(case when seen.reaches_tenure = classes.reaches_tenure then 1 else 0 end) as lines
    from seen
    cross join classes
    where seen.attribute in (select attribute from {{ ref('tenure_attributes') }})
    group by seen.attribute, seen.value, classes.reaches_tenure

),

-- A value never seen in training has a likelihood too; it is under null.
filled as (

    select attribute, value, reaches_tenure, lines from counted
    union all
    select distinct attribute, cast(null as {{ dbt.type_string() }}) as value, reaches_tenure, 0 as lines from counted

)

select
    filled.attribute,
    coalesce(filled.value, '(any other)') as value,
    filled.value is null as is_any_other,
    filled.reaches_tenure,
    cast(filled.lines as bigint) as lines,
    cast(sum(filled.lines) over (partition by filled.attribute, filled.reaches_tenure) as bigint) as class_size,
    cast((filled.lines + 1) / (
        sum(filled.lines) over (partition by filled.attribute, filled.reaches_tenure)
        + count(filled.value) over (partition by filled.attribute, filled.reaches_tenure)
    ) as double) as likelihood,
    cast(sizes.class_size / nullif(sum(sizes.class_size) over (
        partition by filled.attribute, filled.value
    ), 0) as double) as prior_share
from filled
inner join sizes on filled.reaches_tenure = sizes.reaches_tenure
