{# One row per grain, as the meta of the model declares it, and no grain column is null. A long history is looked at by the column
   that its meta names `recent_by`, since to group all of it anew costs a build its night: from the last complete month on; or, where the
   test names them (`months`: a model), in the months that this build makes anew, for views, which are computed for their test alone.
   The months before were looked at when they were new. Full tests look at all that is stored; a view's rows are those of what it
   reads. #}
{% test unique_grain(model, months=none) %}
    {%- set nodes = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') if execute else [] -%}
    {%- set config = (nodes | selectattr('alias', 'equalto', model.identifier) | first).config if execute else {'meta': {'grain': ['1']}} -%}
    {%- set meta = config.meta -%}
    {%- set is_whole = not meta.recent_by or (var('full_tests') and config.materialized != 'view') -%}
    {%- set changed = ref(months) if months -%}
    select {{ meta.grain | join(', ') }} from {{ model }}
    {% if not is_whole -%}
    where
        {%- if months and not var('full_tests') %}
        {%- set made = ask_dates('select month from ' ~ changed ~ ' as changed order by month') %} {{ within_months(meta.recent_by, made) }}
        {%- else %} {{ meta.recent_by }} >= {{ last_complete_month() }}
        {%- endif %}
    {%- endif %}
    group by {{ meta.grain | join(', ') }}
    having count(*) > 1{% for column in meta.grain %} or {{ column }} is null{% endfor %}
{% endtest %}
