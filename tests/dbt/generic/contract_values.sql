{# Columns for which the raw contract lists all values hold no others: the columns of that name, of the raw table that the model is made
   of. One scan for all of them; a null is no value. #}
{% test contract_values(model, raw_table) %}
    {%- set nodes = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') if execute else [] -%}
    {%- set columns = (nodes | selectattr('alias', 'equalto', model.identifier) | first).columns if execute else {} -%}
    {%- set raw = (graph.sources.values() | selectattr('name', 'equalto', raw_table) | first).columns if execute else {} -%}
    {%- set closed = [] -%}
    {%- for column in raw.values() if column.config.meta.get('values') and column.name in columns -%}
        {%- do closed.append(column) -%}
    {%- endfor -%}
    {%- if execute and not closed -%}
        {{ exceptions.raise_compiler_error(raw_table ~ " lists the values of no column of " ~ model.identifier) }}
    {%- endif -%}
    select distinct {{ closed | map(attribute='name') | join(', ') or 1 }}
    from {{ model }}
    where
        {%- for column in closed %}
        {{ column.name }} not in ('{{ column.config.meta['values'] | join("', '") }}'){{ " or" if not loop.last }}
        {%- else %} 1 = 0
        {%- endfor %}
{% endtest %}
