{# Tables of history on DuckDB, a batch of months a statement, also when they are made from nothing: no statement holds more than the
   months of its batch, and the months of a batch stand once it is written, so that a run that stopped goes on after them. Models that say
   `by_lines` make what does not fit a range of lines a statement.
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
    {%- set meta, share = config.get('meta'), memory_of_a_line() -%}
    {% for batch in in_batches(months, meta, share) %}
        {%- set ranges = ranges_of_lines(batch | length, share) if meta['by_lines'] else [none] -%}
        {% for lines in ranges %}
            {% call statement('batch') %}
                insert into {{ table }} ({{ columns }})
                select {{ columns }} from ({{ statement_for(batch) }}) as rows
                {{ 'where ' ~ lines if lines }}
            {% endcall %}
        {% endfor %}
        {#- Not before all of its lines are in: a month that stands is taken to be whole. #}
        {% do adapter.commit() %}
    {% endfor %}

    {% do persist_docs(table, model) %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}


{# The months, in order, as the statements make them: as many as fit, at least one. `last_apart`: the last one by itself, for models that
   keep far more of it. `looks_back`: all at once, cut by lines alone, for models that read a year for each month. #}
{% macro in_batches(months, meta, share) -%}
    {%- set last = 1 if meta['last_apart'] else 0 -%}
    {%- set before = months[:months | length - last] -%}
    {%- if meta['looks_back'] -%}{%- set at_once = months | length -%}
    {%- elif var('months_at_once') -%}{%- set at_once = var('months_at_once') -%}
    {%- else -%}
        {%- set at_once = (share - (var('bytes_per_subscriber') if meta['by_lines'] else 0)) / var('bytes_per_subscriber_month') -%}
    {%- endif -%}
    {{ return(before | batch([1, at_once | int] | max) | list + ([months[-1:]] if last and months else [])) }}
{%- endmacro %}


{# The model's query for these months: its file is rendered anew, and built_by_month gives them. #}
{% macro statement_for(months) -%}
    {%- do model.update({'months_of_batch': months}) -%}
    {{ return(render(model.raw_code)) }}
{%- endmacro %}
