{# Tables of history on DuckDB, a batch of months a statement, also when they are made from nothing: no statement holds more than the
   months of its batch, and the months of a batch stand once it is written, so that a run that stopped goes on after them.
   Incremental models that are not kept by month are dbt-duckdb's own. #}
{% materialization incremental, adapter='duckdb' %}
    {%- set sources = config.get('meta', {}).get('months_from') -%}
    {%- if not sources -%}
        {{ return(dbt.materialization_incremental_duckdb()) }}
    {%- endif -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set table = this.incorporate(type='table') -%}
    {%- set is_new = existing is none or should_full_refresh() -%}

    {{ run_hooks(pre_hooks) }}
    {% if is_new %}
        {% do drop_relation_if_exists(existing) %}
        {%- set months = ask_dates('select month from ' ~ ref(sources) ~ ' as months order by month') -%}
        {% call statement('main') %}{{ create_table_as(false, table, statement_for([])) }}{% endcall %}
    {% else %}
        {%- set months = ask_dates('select month from ' ~ changed_months(sources, this) ~ ' as changed order by month') -%}
        {% call statement('main') %}{{ delete_months_to_build(sources) }}{% endcall %}
    {% endif %}
    {% do adapter.commit() %}
    {%- set columns = adapter.get_columns_in_relation(table) | map(attribute='quoted') | join(', ') -%}
    {% for batch in in_batches(months, config.get('meta')['last_apart']) %}
        {% call statement('batch') %}
            insert into {{ table }} ({{ columns }})
            select {{ columns }} from ({{ statement_for(batch) }}) as rows
        {% endcall %}
        {% do adapter.commit() %}
    {% endfor %}

    {% do persist_docs(table, model) %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}


{# The months, in order, as the statements make them. `last_apart`: the last one by itself, for models that keep far more of it. #}
{% macro in_batches(months, last_apart) -%}
    {%- set last = 1 if last_apart else 0 -%}
    {%- set before = months[:months | length - last] -%}
    {{ return(before | batch(months_at_once()) | list + ([months[-1:]] if last and months else [])) }}
{%- endmacro %}


{# Months that one statement may make: as many as fit in this model's share of DuckDB's memory by the number of lines, at least one. #}
{% macro months_at_once() -%}
    {%- if var('months_at_once') -%}{{ return(var('months_at_once') | int) }}{%- endif -%}
    {%- set found = run_query("
        select
            cast(split_part(current_setting('memory_limit'), ' ', 1) as double) * case split_part(current_setting('memory_limit'), ' ', 2)
                when 'KiB' then 1024 when 'MiB' then 1048576 when 'GiB' then 1073741824 when 'TiB' then 1099511627776 else 1 end as memory,
            (select greatest(coalesce(max(rows_accepted), 1), 1) from " ~ source('ledger', 'intake') ~ "
             where table_name = 'crm_subscribers' and outcome = 'accepted') as lines
    ").rows[0] -%}
    {{ return([1, (found[0] / target.threads / found[1] / var('bytes_per_subscriber_month')) | int] | max) }}
{%- endmacro %}


{# The model's query for these months: its file is rendered anew, and built_by_month gives them. #}
{% macro statement_for(months) -%}
    {%- do model.update({'months_of_batch': months}) -%}
    {{ return(render(model.raw_code)) }}
{%- endmacro %}
