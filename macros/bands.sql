{# The bands of a seed with both bounds: a seed gives the lower bound alone, which belongs to the band, so that bands can neither
   overlap nor leave a gap; the upper is where the next begins. An empty lower bound reaches down without end. #}
{% macro bands(seed) -%}
    {{ bands_of(ref(seed)) }}
{%- endmacro %}

{# The same of a seed given as a relation. #}
{% macro bands_of(relation) -%}
    (
        select band, lower_bound, lead(lower_bound) over (order by lower_bound nulls first) as upper_bound
        from (select band, cast(nullif(lower_bound, '') as decimal(18, 6)) as lower_bound from {{ relation }}) as seed
    )
{%- endmacro %}


{# Join condition: `value` is in the band with the alias `band`. #}
{% macro in_band(value, band) -%}
    ({{ band }}.lower_bound is null and {{ value }} is not null or {{ value }} >= {{ band }}.lower_bound)
    and ({{ band }}.upper_bound is null or {{ value }} < {{ band }}.upper_bound)
{%- endmacro %}


{# Is the code of a line's status or event terminal: does it end the line's time on the network? #}
{% macro is_terminal(code) -%}
    {{ code }} in ('terminated_forced', 'terminated_cancelled', 'ported_out')
{%- endmacro %}
