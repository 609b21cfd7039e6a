{# What a channel is told beside the tags: script and reason, of checked parts. Runs on DuckDB, whatever the engine. #}

{# A value as people read it: nothing where it is missing, figures to two decimals, without decimals where these are zero. #}
{% macro told(column, is_whole) -%}
    {%- if is_whole -%}
        cast({{ column }} as varchar)
    {%- else -%}
        regexp_replace(cast(cast({{ column }} as decimal(18, 2)) as varchar), '[.]00$', '')
    {%- endif -%}
{%- endmacro %}


{# A script with its fields filled in from `lines` (columns "said <tag>") and `offers`; the offer's own words without one. #}
{% macro script(pieces) -%}
    {%- if pieces is none -%}
        offers.script
    {%- else -%}
        concat('' {%- for piece in pieces %}, {% if piece.text is defined -%}
            {{ piece.text | text }}
        {%- elif piece.tag is defined -%}
            {{ told("cells." ~ (("said " ~ piece.tag) | quoted), piece.is_whole) }}
        {%- elif piece.field in ("best_offer_code", "best_offer_name") -%}
            cells.{{ piece.field }}
        {%- else -%}
            {{ told("offers." ~ piece.field | replace("offer_script", "script"), piece.is_whole) }}
        {%- endif %}{% endfor %})
    {%- endif -%}
{%- endmacro %}


{# A tag in words: a flag by its name alone, the others by name and value. #}
{% macro because(tag, column, name, values) -%}
    {%- if tag.is_flag -%}
        case when {{ column }} then {{ name | text }} end
    {%- elif values -%}
        {{ (name ~ " ") | text }} || case {{ column }}
        {%- for value, label in values.items() %} when {{ value | text }} then {{ label | text }}{% endfor %}
        else {{ told(column, tag.is_whole) }} end
    {%- else -%}
        {{ (name ~ " ") | text }} || {{ told(column, tag.is_whole) }}
    {%- endif -%}
{%- endmacro %}


{# Why a line is on the list: the list's title, then the tags of its condition with the line's values. #}
{% macro reason(title, tags, names) -%}
    concat(
        {{ title | text }}
        {%- if tags -%}
        , coalesce(': ' || nullif(concat_ws(
            '; ' {%- for tag in tags %},
            {{ because(tag, "cells." ~ (("said " ~ tag.name) | quoted), tag[names], tag[names ~ "_values"]) }}
            {%- endfor %}
        ), ''), '')
        {%- endif %}
    )
{%- endmacro %}


{# The columns of SAID for a row of `cells`, its `offer_code` and its row of `offers`. #}
{% macro said_columns(said, offer_code) -%}
    {{ said.list_name | text }} as list_name,
    {{ said.run_date | day }} as list_run_date,
    {{ said.purpose | text }} as purpose,
    {{ said.owner | text }} as owner,
    {{ offer_code }} as offer_code,
    offers.offer_name,
    offers.offer_pay_amount,
    {{ script(said.script_en) }} as script_en,
    {{ script(said.script_zh) }} as script_zh,
    {{ reason(said.title_en, said.tags, "en") }} as reason,
    {{ reason(said.title_zh, said.tags, "zh") }} as reason_zh
{%- endmacro %}
