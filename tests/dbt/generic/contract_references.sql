{# Ids lead to rows of the tables that the raw contract says they refer to. `to`: for each column the model whose column of that name is
   the key. A few ids may lead nowhere, as at intake: more than its limit on unknown lines are one row a column. #}
{% test contract_references(model, to) %}
    {%- set limits = ref('intake_limits') -%}
    {%- for column, known in to.items() %}
    select
        '{{ column }}' as column_name,
        count(*) as ids,
        count(*) - count(known.{{ column }}) as unknown_ids
    from {{ model }} as told
    left join {{ known }} as known on told.{{ column }} = known.{{ column }}
    where told.{{ column }} is not null
    having count(*) - count(known.{{ column }}) > (select max(max_unknown_share) from {{ limits }} where table_name = '*') * count(*)
        and count(*) - count(known.{{ column }}) >= (select max(min_concerned_rows) from {{ limits }} where table_name = '*')
    {{ "union all" if not loop.last }}
    {%- endfor %}
{% endtest %}
