-- How many carry each value of each tag, by day: what a list can reach, and where a tag has gone thin. Days before come from the
-- version that was published on the last of them.
-- depends_on: {{ ref('subscriber_360') }}, {{ ref('customer_360') }}, {{ ref('outlet_tags') }}, {{ ref('manager_tags') }}
-- depends_on: {{ ref('plan_tags') }}
-- depends_on: {{ ref('tag_rules') }}
{% set tags = catalogued_tags() %}
{% set before = version_before('tags', 'tag_coverage') %}
with

totals as (

    select 'subscriber' as entity, count(*) as members from {{ ref('subscriber_360') }}
    union all
    select 'customer' as entity, count(*) as members from {{ ref('customer_360') }}
    union all
    select 'outlet' as entity, count(*) as members from {{ ref('outlet_tags') }}
    union all
    select 'manager' as entity, count(*) as members from {{ ref('manager_tags') }}
    union all
    select 'plan' as entity, count(*) as members from {{ ref('plan_tags') }}

),

-- A figure or a date is known or it is not; every other tag counts by value.
known as (

    {% for tag in tags %}
    select
        {{ text(tag.entity) }} as entity,
        {{ text(tag.name) }} as tag_name,
        {{ text('known') if tag.kind in ('number', 'date') else 'cast(' ~ tag.name ~ ' as ' ~ dbt.type_string() ~ ')' }} as tag_value,
        count(*) as members
    from {{ tag.relation }}
    where {{ tag.name }} is not null
    group by tag_value
    {{ "union all" if not loop.last }}
    {% else %}
    select {{ text(none) }} as entity, {{ text(none) }} as tag_name, {{ text(none) }} as tag_value, 0 as members
    {% endfor %}

),

-- Codes without end, such as outlets, keep their most frequent values.
ranked as (

    select
        *,
        row_number() over (partition by entity, tag_name order by members desc, tag_value asc) as place
    from known

),

counted as (

    select
        entity,
        tag_name,
        case when place <= {{ rule('tag_rules', 'coverage_values') }} then tag_value else 'other values' end as counted_value,
        sum(members) as members
    from ranked
    group by entity, tag_name, counted_value

),

-- A code may itself say unknown, such as a gender; it counts with those of whom nothing is known.
with_unknown as (

    select * from counted

    union all

    select
        totals.entity,
        tags.tag_name,
        'unknown' as counted_value,
        max(totals.members) - coalesce(sum(counted.members), 0) as members
    from {{ ref('tag_catalog') }} as tags
    inner join totals on tags.entity = totals.entity
    left join counted on tags.entity = counted.entity and tags.tag_name = counted.tag_name
    group by totals.entity, tags.tag_name
    having max(totals.members) > coalesce(sum(counted.members), 0)

),

today as (

    select
        {{ as_of_date() }} as as_of_date,
        with_unknown.entity,
        with_unknown.tag_name,
        with_unknown.counted_value as value,
        cast(sum(with_unknown.members) as bigint) as members,
        cast({{ ratio('sum(with_unknown.members)', 'max(totals.members)') }} as double) as share
    from with_unknown
    inner join totals on with_unknown.entity = totals.entity
    group by with_unknown.entity, with_unknown.tag_name, with_unknown.counted_value

)

select * from today
{% if before %}
union all
select as_of_date, entity, tag_name, value, members, share from {{ before }}
where as_of_date < {{ as_of_date() }}
    and as_of_date >= {{ days_before(rule('tag_rules', 'coverage_days')) }}
{% endif %}
