{# Answers by their class, and the net promoter score of them: the share of promoters less that of detractors, times 100. #}

{% macro nps_counts() -%}
    count(*) as responses,
    {%- for class in ['promoter', 'passive', 'detractor'] %}
    sum(case when nps_class = '{{ class }}' then 1 else 0 end) as {{ class }}s{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro nps_columns() -%}
    {%- for count in ['responses', 'promoters', 'passives', 'detractors'] %}
    cast({{ count }} as bigint) as {{ count }},
    {%- endfor %}
    cast(100 * (promoters - detractors) / responses as double) as nps
{%- endmacro %}
