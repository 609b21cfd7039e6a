{# Where a row falls between 0 and 1, evenly and always alike, on every engine: the first 32 bits of md5(salt:key) / 2^32. A double
   holds these exactly, so that a draw compares the same everywhere; 1 is never reached. Runs of lists draw by the same formula
   without dbt (orchestration/targeting/decisions.py). #}
{% macro hash_share(salt, key) -%}
    {{ return(adapter.dispatch('hash_share', 'telco360')("substr(md5(concat('" ~ dbt.escape_single_quotes(salt) ~ ":', " ~ key ~ ")), 1, 8)")) }}
{%- endmacro %}

{% macro default__hash_share(hex) -%}
    cast(cast(concat('0x', {{ hex }}) as bigint) as double) / 4294967296
{%- endmacro %}

{% macro spark__hash_share(hex) -%}
    cast(conv({{ hex }}, 16, 10) as double) / 4294967296
{%- endmacro %}
