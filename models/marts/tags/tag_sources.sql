-- What the tags of a model come from: the raw tables that dbt's own graph leads back to, and how fresh they are.
-- depends_on: {{ ref('subscriber_360') }}, {{ ref('customer_360') }}, {{ ref('outlet_tags') }}, {{ ref('manager_tags') }}
-- depends_on: {{ ref('plan_tags') }}
{% set models = catalogued_tags() | map(attribute='model') | unique | list %}
with

lineage as (

    {% for model in models %}
    {% set outer = loop %}
    {% for table in raw_tables_of(model) %}
    select '{{ model }}' as model_name, '{{ table }}' as table_name
    {{ "union all" if not (loop.last and outer.last) }}
    {% endfor %}
    {% else %}
    select {{ text(none) }} as model_name, {{ text(none) }} as table_name
    {% endfor %}

),

sources as (

    select
        lineage.model_name,
        concat('[', {{ dbt.listagg(
            "concat('{\"table\": \"', tables.table_name, '\", \"delivered\": ', case when tables.delivered_to is null then 'null' else concat('\"', tables.delivered_to, '\"') end, '}')",
            "', '", 'order by tables.table_name'
        ) }}, ']') as sources,
        min(tables.delivered_to) as fresh_as_of,
        max(case when tables.is_last_rejected then 1 else 0 end) = 1 as has_failed,
        max(case when tables.is_late then 1 else 0 end) = 1 as is_late
    from lineage
    inner join {{ ref('dim_raw_tables') }} as tables on lineage.table_name = tables.table_name
    group by lineage.model_name

)

select * from sources
