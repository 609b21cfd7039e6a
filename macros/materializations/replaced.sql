{# Tables and views on DuckDB are replaced where they stand. dbt's own way builds under another name, renames twice and drops the old
   one afterwards, for engines that cannot take back a definition. DuckDB's transactions can: where a statement fails, what stood
   before stands again. #}
{% materialization table, adapter='duckdb' %}
    {{ return(replaced('table')) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {{ return(replaced('view')) }}
{% endmaterialization %}

{% macro replaced(type) -%}
    {%- set relation = this.incorporate(type=type) -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {% if existing is not none and existing.type != type %}
        {% do adapter.drop_relation(existing) %}
    {% elif existing is not none %}
        {% call statement('drop') %}drop {{ type }} {{ relation }}{% endcall %}
    {% endif %}
    {% call statement('main') -%}
        {{ create_table_as(false, relation, sql) if type == 'table' else get_create_view_as_sql(relation, sql) }}
    {%- endcall %}
    {% do persist_docs(relation, model) %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [relation]}) }}
{%- endmacro %}
