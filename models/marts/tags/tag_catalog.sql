-- Every tag with its meaning, made from the YAML of the tag families: what stands there is what users see, and nothing else.
-- Values of a band are those of its seed.
-- depends_on: {{ ref('tenure_bands') }}, {{ ref('arpu_bands') }}, {{ ref('value_tiers') }}
with

tags as (

    {% for tag in catalogued_tags() %}
    select
        {{ text(tag.name) }} as tag_name,
        {{ text(tag.entity) }} as entity,
        {{ text(tag.model) }} as model_name,
        {{ text(tag.category) }} as category,
        {{ text(tag.kind) }} as kind,
        {{ text(tag.data_type) }} as data_type,
        {{ text(tag.description) }} as description,
        {{ text(tag.label_zh) }} as label_zh,
        {{ text(tag.unit) }} as unit,
        {% if tag.values_from -%}
        (select concat('["', {{ dbt.listagg('band', "'\", \"'", 'order by lower_bound nulls first') }}, '"]') from {{ bands(tag.values_from) }} as bands)
        {%- else -%}
        {{ text(json_list(tag.get('values'))) }}
        {%- endif %} as allowed_values,
        {{ text(json_object(tag.get('values'))) }} as value_labels_zh,
        {{ text(tag.refresh) }} as refresh,
        {{ text(tag.owner) }} as owner,
        {{ text(tag.sensitivity) }} as sensitivity,
        {{ text(json_list(tag.evidence)) }} as evidence,
        cast({{ tag.version }} as integer) as version,
        {{ text(tag.status) }} as status
    {{ "union all" if not loop.last }}
    {% endfor %}

)

select * from tags
