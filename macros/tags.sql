{# Every documented tag of the project, from the YAML of the models that make it. While dbt only parses, one that holds nothing. #}
{% macro catalogued_tags() -%}
    {%- set tags = [] -%}
    {%- for node in (graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | sort(attribute='name') if execute else []) -%}
        {%- for column in node.columns.values() if column.config.meta.tag -%}
            {%- do tags.append(dict(column.config.meta.tag, name=column.name, data_type=column.data_type, model=node.name,
                description=column.description, entity=node.config.meta.entity, category=node.config.meta.category)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(tags or [{"version": 1}]) }}
{%- endmacro %}


{# A text literal, or a null of type text. #}
{% macro text(value) -%}
    cast({{ "'" ~ dbt.escape_single_quotes(value) ~ "'" if value else 'null' }} as {{ dbt.type_string() }})
{%- endmacro %}


{# JSON of a list of texts; dbt's own filter would escape all that is not ASCII. #}
{% macro json_list(values) -%}
    {{ return('["' ~ values | join('", "') ~ '"]' if values else none) }}
{%- endmacro %}


{# JSON of a mapping of texts. #}
{% macro json_object(values) -%}
    {%- set pairs = [] -%}
    {%- for key, value in (values or {}).items() -%}{%- do pairs.append('"' ~ key ~ '": "' ~ value ~ '"') -%}{%- endfor -%}
    {{ return('{' ~ pairs | join(', ') ~ '}' if pairs else none) }}
{%- endmacro %}
