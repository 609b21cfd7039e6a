{# Ids lead to rows of the tables that the raw contract says they refer to. `to`: for each column the model whose column of that name is
   the key. Some ids may lead nowhere, as at intake: where more do than its limit on unknown lines allows, the column is a row. #}
{% test contract_references(model, to) %}
    select *
    from (
        {%- for column, known in to.items() %}
        select
            '{{ column }}' as column_name,
            count(*) as ids,
            count(*) - count(known.{{ column }}) as unknown_ids
        from {{ model }} as told
        left join {{ known }} as known on told.{{ column }} = known.{{ column }}
        where told.{{ column }} is not null
        {{ "union all" if not loop.last }}
        {%- endfor %}
    ) as counted
    where unknown_ids > (select max(max_unknown_share) from {{ ref('intake_limits') }} where table_name = '*') * ids
        and unknown_ids >= (select max(min_concerned_rows) from {{ ref('intake_limits') }} where table_name = '*')
{% endtest %}
