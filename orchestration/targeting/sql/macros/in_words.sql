{# A cell as its readers see it: flags and values by their words. #}
{% macro cell_in_words(column, cell, dialect) -%}
{%- if column.flags -%}
case when {{ cell }} then {{ column.flags[0] | text(dialect) }} when not {{ cell }} then {{ column.flags[1] | text(dialect) }} end
{%- elif column.values -%}
case {{ cell }}
    {%- for value, label in column.values.items() %}
    when {{ value | text(dialect) }} then {{ label | text(dialect) }}
    {%- endfor %}
    else {{ cell }}
    end
{%- else -%}
{{ cell }}
{%- endif -%}
{%- endmacro %}
