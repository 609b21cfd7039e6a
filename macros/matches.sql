{# Does the whole text match one of the patterns of a seed? They are in the SQL as literals: an expression that comes out of a column
   would be compiled anew for every row. #}
{% macro matches_one_of(text, seed) -%}
    {%- set query = 'select pattern from ' ~ ref(seed) -%}
    {%- set patterns = run_query(query).columns[0].values() if execute else [] -%}
    {%- set matched = ['false'] -%}
    {%- for pattern in patterns if pattern -%}
        {%- do matched.append(adapter.dispatch('matches', 'telco360')(text, pattern)) -%}
    {%- endfor -%}
    coalesce({{ matched | join(' or ') }}, false)
{%- endmacro %}

{% macro default__matches(text, pattern) -%}
    regexp_full_match({{ text }}, '{{ pattern | string | replace("'", "''") }}')
{%- endmacro %}

{% macro spark__matches(text, pattern) -%}
    {{ text }} rlike '^({{ pattern | string | replace("\\", "\\\\") | replace("'", "\\'") }})$'
{%- endmacro %}
