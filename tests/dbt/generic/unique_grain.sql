{# One row per grain, as the meta of the model declares it, and no grain column is null. #}
{% test unique_grain(model) %}
    {%- set nodes = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') if execute else [] -%}
    {%- set grain = (nodes | selectattr('alias', 'equalto', model.identifier) | first).config.meta.grain if execute else ['1'] -%}
    select {{ grain | join(', ') }} from {{ model }}
    group by {{ grain | join(', ') }}
    having count(*) > 1{% for column in grain %} or {{ column }} is null{% endfor %}
{% endtest %}
