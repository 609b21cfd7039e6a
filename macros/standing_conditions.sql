{# Conditions of the offers that are valid on the business date, each a mapping of offer_code, tags (names with commas between) and
   condition (SQL of the running engine, none for everybody); none while dbt only parses. An offer whose condition is not known, or
   is that of another text than the offer now has, is left out: it is put to nobody. #}
{% macro standing_conditions() -%}
    {%- set query -%}
        select conditions.offer_code, conditions.tags, conditions.sql_{{ 'spark' if target.type == 'spark' else 'duckdb' }} as condition
        from {{ ref('stg_ledger__offer_conditions') }} as conditions
        inner join {{ ref('dim_offers') }} as offers on conditions.offer_code = offers.offer_code
        where conditions.outcome = 'accepted' and offers.is_valid
            and coalesce(conditions.eligibility, '') = coalesce(offers.eligibility, '')
        order by conditions.offer_code
    {%- endset -%}
    {%- set conditions = [] -%}
    {%- for row in (run_query(query).rows if execute else []) -%}
        {%- do conditions.append(dict(offer_code=row[0], tags=row[1], condition=row[2])) -%}
    {%- endfor -%}
    {{ return(conditions) }}
{%- endmacro %}
