-- What changed for whom since the build of the date before: one row a line and tag whose value is another now. Lines that were
-- not there then and tags that the library lacked then have no before. Figures are left out, they move all the time; the bands
-- over them tell.
-- depends_on: {{ ref('tag_rules') }}
{% set before = version_before('tags', 'subscriber_360') %}
{% set earlier = version_before('tags', 'tag_changes') %}
{% set known = adapter.get_columns_in_relation(before) | map(attribute='name') | list if before else [] %}
{% set tags = [] %}
{% for tag in catalogued_tags() if tag.entity == 'subscriber' and tag.name in known and is_tracked(tag) %}
    {%- do tags.append(tag.name) -%}
{% endfor %}
with

{% if tags %}
-- Whole rows are checked against each other first, so that what follows costs what changed.
changed as (

    select
        now.subscriber_id,
        {{ tag_values(tags) }} as change
    from {{ ref('subscriber_360') }} as now
    inner join {{ before }} as before on now.subscriber_id = before.subscriber_id
    where {{ row_hash('now', tags) }} <> {{ row_hash('before', tags) }}

),

today as (

    select
        {{ as_of_date() }} as as_of_date,
        changed.subscriber_id,
        changed.change.tag_name,
        changed.change.old_value,
        changed.change.new_value
    from changed
    where changed.change.old_value is distinct from changed.change.new_value

)
{% else %}
today as (

    select
        {{ as_of_date() }} as as_of_date,
        subscriber_id,
        {{ text('none') }} as tag_name,
        {{ text(none) }} as old_value,
        {{ text(none) }} as new_value
    from {{ ref('subscriber_360') }}
    where 1 = 0

)
{% endif %}

select * from today
{% if earlier %}
union all
select as_of_date, subscriber_id, tag_name, old_value, new_value from {{ earlier }}
where as_of_date < {{ as_of_date() }}
    and as_of_date >= {{ days_before(rule('tag_rules', 'changes_days')) }}
{% endif %}
