-- Every tag with its meaning, made from the YAML of the tag families: what is there is what users see, and nothing else.
-- Values of a band are those of its seed.
-- depends_on: {{ ref('subscriber_360') }}, {{ ref('customer_360') }}, {{ ref('outlet_tags') }}, {{ ref('manager_tags') }}
-- depends_on: {{ ref('plan_tags') }}
{% set tags = catalogued_tags() %}
{% set figures = named_figures((tags | map(attribute='description') | list) + (tags | map(attribute='description_zh') | list)) %}
{% set days = 'cast(' ~ rule('tag_rules', 'withdrawn_days') ~ ' as integer)' %}
{% set seeds = tags | selectattr('values_from', 'defined') | map(attribute='values_from') | unique | list %}
with

tags as (

    {% for tag in tags or [{}] %}
    select
        {{ text(tag.name) }} as tag_name,
        {{ text(tag.entity) }} as entity,
        {{ text(tag.table) }} as table_name,
        {{ text(tag.model) }} as model_name,
        {{ text(tag.category) }} as category,
        {{ text(tag.category_zh) }} as category_zh,
        {{ text(tag.group) }} as tag_group,
        {{ text(tag.group_zh) }} as tag_group_zh,
        {{ text(tag.kind) }} as kind,
        {{ text(tag.data_type) }} as data_type,
        {{ text(with_figures(tag.description, figures)) }} as description,
        {{ text(with_figures(tag.description_zh, figures)) }} as description_zh,
        {{ text(english_label(tag)) }} as label_en,
        {{ text(tag.label_zh) }} as label_zh,
        {{ text(tag.unit) }} as unit,
        {{ text(json_list(tag.get('values'))) }} as listed_values,
        {{ text(json_object(tag.get('values'))) }} as value_labels_zh,
        {{ text(tag.values_from) }} as values_from,
        {%- set least, greatest = tag.bounds or (none, none) %}
        cast({{ 'null' if least is none else least }} as double) as least,
        cast({{ 'null' if greatest is none else greatest }} as double) as greatest,
        {{ text(tag.as_of) }} as as_of,
        {{ text(tag.refresh) }} as refresh,
        {{ text(tag.owner) }} as owner,
        {{ text(tag.sensitivity) }} as sensitivity,
        {{ text(tag.get('severity', 'warning')) }} as severity,
        {{ text(json_list(tag.evidence)) }} as evidence,
        {{ text(tag.measure) }} as measure,
        {%- set threshold = tag.threshold or {} %}
        {{ text(threshold.seed) }} as threshold_seed,
        {{ text(threshold.rule) }} as threshold_rule,
        cast({{ tag.version or 1 }} as integer) as version,
        {{ text(tag.status) }} as stated_status,
        cast({{ text(tag.since) }} as date) as since,
        cast({{ text(tag.withdrawn_on) }} as date) as withdrawn_on,
        {{ 'true' if tag.history else 'false' }} as is_historic,
        {{ 'true' if is_tracked(tag) else 'false' }} as is_tracked
    {{ "union all" if not loop.last }}
    {% endfor %}

),

bands as (

    {% for seed in seeds %}
    select
        '{{ seed }}' as seed,
        concat('["', {{ dbt.listagg('band', "'\", \"'", 'order by lower_bound nulls first') }}, '"]') as listed_values
    from {{ bands_of((graph.nodes.values() | selectattr('name', 'equalto', seed) | first).relation_name) }} as bands
    {{ "union all" if not loop.last }}
    {% else %}
    select {{ text(none) }} as seed, {{ text(none) }} as listed_values
    {% endfor %}

)

select
    tags.tag_name,
    tags.entity,
    tags.table_name,
    tags.model_name,
    tags.category,
    tags.category_zh,
    tags.tag_group,
    tags.tag_group_zh,
    tags.kind,
    tags.data_type,
    tags.description,
    tags.description_zh,
    tags.label_en,
    tags.label_zh,
    tags.unit,
    coalesce(tags.listed_values, bands.listed_values) as allowed_values,
    tags.value_labels_zh,
    tags.values_from,
    tags.least,
    tags.greatest,
    tags.as_of,
    tags.refresh,
    tags.owner,
    tags.sensitivity,
    tags.severity,
    tags.evidence,
    tags.measure,
    tags.threshold_seed,
    tags.threshold_rule,
    tags.version,
    case
        when tags.stated_status <> 'active' then tags.stated_status
        when sources.has_failed then 'failed'
        when sources.is_late then 'stale'
        else 'active'
    end as status,
    tags.since,
    tags.withdrawn_on,
    cast({{ dbt.dateadd('day', days, 'tags.withdrawn_on') }} as date) as leaves_on,
    tags.is_historic,
    tags.is_tracked,
    sources.fresh_as_of,
    sources.sources
from tags
left join bands on tags.values_from = bands.seed
left join {{ ref('tag_sources') }} as sources on tags.model_name = sources.model_name
