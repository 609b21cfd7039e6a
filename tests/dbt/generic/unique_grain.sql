{# One row per grain, as the meta of the model declares it, and no grain column is null. A long history read as a view is looked at
   from the last complete month on, by the column that its meta names `recent_by`: to group all of it anew costs a build its night,
   and the months before were looked at when they were new. #}
{% test unique_grain(model) %}
    {%- set nodes = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') if execute else [] -%}
    {%- set meta = (nodes | selectattr('alias', 'equalto', model.identifier) | first).config.meta if execute else {'grain': ['1']} -%}
    select {{ meta.grain | join(', ') }} from {{ model }}
    {% if meta.recent_by %}where {{ meta.recent_by }} >= {{ last_complete_month() }}{% endif %}
    group by {{ meta.grain | join(', ') }}
    having count(*) > 1{% for column in meta.grain %} or {{ column }} is null{% endfor %}
{% endtest %}
