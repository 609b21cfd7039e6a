{# Where a row falls between 0 and 1, by the same text as dbt's macro of that name. #}
{% from "hash_share.sql" import default__hash_share %}
create or replace temp macro hash_share(salt, key) as
{{ default__hash_share("substr(md5(concat(salt, ':', key)), 1, 8)") }}
