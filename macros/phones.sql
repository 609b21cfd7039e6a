{# Phones as they are compared: the last digits alone, so that `+86 138 1111 0001`, `008613811110001` and `13811110001` are one phone.
   `digits`: how many a number has without its country code. Null where the text holds no digit but zeros. #}
{% macro phone_key(phone, digits) -%}
    {%- set plain = "translate(" ~ phone ~ ", '０１２３４５６７８９', '0123456789')" -%}
    {#- A spreadsheet that took the phone for a number wrote `13811110001.0`. -#}
    {%- set bare = replaced_all(plain, "'[.]0$|[^0-9]'") -%}
    nullif(right({{ replaced_all(bare, "'^0+'") }}, cast({{ digits }} as integer)), '')
{%- endmacro %}


{# The text without whatever the pattern, a literal of SQL, matches. #}
{% macro replaced_all(text, pattern) -%}
    {{ return(adapter.dispatch('replaced_all', 'telco360')(text, pattern)) }}
{%- endmacro %}

{% macro default__replaced_all(text, pattern) -%}
    {{ return("regexp_replace(" ~ text ~ ", " ~ pattern ~ ", '', 'g')") }}
{%- endmacro %}

{% macro spark__replaced_all(text, pattern) -%}
    {{ return("regexp_replace(" ~ text ~ ", " ~ pattern ~ ", '')") }}
{%- endmacro %}
