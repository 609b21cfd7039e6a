{# The rows of a list's file with the headers and values of its readers' language, in no order; what is empty stays empty. #}
{% from "macros/in_words.sql" import cell_in_words %}
select
    {%- for column in worded %}
    {{ cell_in_words(column, column.name | quoted(dialect), dialect) }}
        as {{ column.header | quoted(dialect) }}{{ "," if not loop.last }}
    {%- endfor %}
from file_rows
