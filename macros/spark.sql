{# Where dbt's own macros do otherwise on Spark than on DuckDB, and models must not notice. #}

{# A contract names types as DuckDB does. #}
{% macro spark__get_empty_schema_sql(columns) -%}
    {%- set types = {'varchar': 'string'} -%}
    select
    {%- for column in columns.values() %}
        cast(null as {{ types.get(column.data_type, column.data_type) }}) as {{ column.name }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{# dbt's own leaves the order to chance. #}
{% macro spark__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
    listagg({{ measure }}, {{ delimiter_text }}) {% if order_by_clause %}within group ({{ order_by_clause }}){% endif %}
{%- endmacro %}


{# dbt's own fails on a null instead of giving one, and knows only timestamps with a zone. #}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    timestampadd({{ datepart }}, cast({{ interval }} as int), cast({{ from_date_or_timestamp }} as timestamp))
{%- endmacro %}

{# As above. Counts the boundaries between two moments, not the time that has passed. #}
{% macro spark__datediff(first_date, second_date, datepart) -%}
    timestampdiff(
        {{ datepart }},
        date_trunc('{{ datepart }}', cast({{ first_date }} as timestamp)),
        date_trunc('{{ datepart }}', cast({{ second_date }} as timestamp))
    )
{%- endmacro %}
