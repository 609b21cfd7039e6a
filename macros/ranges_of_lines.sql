{# How DuckDB makes in parts what does not fit in memory for all lines at once. #}

{# How many bytes of a model's share of DuckDB's memory come to one line. #}
{% macro memory_of_a_line() -%}
    {%- set found = run_query("
        select
            cast(split_part(current_setting('memory_limit'), ' ', 1) as double) * case split_part(current_setting('memory_limit'), ' ', 2)
                when 'KiB' then 1024 when 'MiB' then 1048576 when 'GiB' then 1073741824 when 'TiB' then 1099511627776 else 1 end as memory,
            (select greatest(coalesce(max(rows_accepted), 1), 1) from " ~ source('ledger', 'intake') ~ "
             where table_name = 'crm_subscribers' and outcome = 'accepted') as lines
    ").rows[0] -%}
    {{ return(found[0] / target.threads / found[1]) }}
{%- endmacro %}


{# Conditions that cut the lines into ranges of ids, about equally many lines in each, and as many ranges as it takes for `months` of each
   line to fit. By bounds, which DuckDB passes on through joins and windows by line down to the scans; a hash of the id would stay at the
   top. #}
{% macro ranges_of_lines(months, share) -%}
    {%- if var('months_at_once') -%}{%- set needed = months / var('months_at_once') -%}
    {%- else -%}
        {%- set needed = (var('bytes_per_subscriber') + months * var('bytes_per_subscriber_month')) / share -%}
    {%- endif -%}
    {%- set count = needed | round(0, 'ceil') | int -%}
    {%- if count <= 1 -%}{{ return([none]) }}{%- endif -%}
    {%- set shares = [] -%}
    {%- for index in range(1, count) -%}{%- do shares.append(index / count) -%}{%- endfor -%}
    {%- set bounds = run_query("
        select distinct unnest(quantile_disc(subscriber_id, " ~ shares ~ ")) as bound
        from (
            select subscriber_id from " ~ source('crm', 'crm_subscribers') ~ "
            where dt = (select max(dt) from " ~ source('crm', 'crm_subscribers') ~ ")
            using sample reservoir (10000 rows) repeatable (1)
        ) as lines
        order by bound
    ").columns[0].values() | reject('none') | map('replace', "'", "''") | list -%}
    {%- set ranges = [] -%}
    {%- for bound in bounds -%}
        {%- do ranges.append(("subscriber_id >= '" ~ bounds[loop.index0 - 1] ~ "' and " if loop.index0 else '') ~ "subscriber_id < '" ~ bound ~ "'") -%}
    {%- endfor -%}
    {{ return(ranges + ["subscriber_id >= '" ~ bounds[-1] ~ "'"] if bounds else [none]) }}
{%- endmacro %}


{# A query of all lines, or of those of one range. #}
{% macro of_lines(sql, lines) -%}
    {{ return('select * from (' ~ sql ~ ') as rows where ' ~ lines if lines else sql) }}
{%- endmacro %}
