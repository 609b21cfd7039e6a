-- Months of circles that this build recomputes: those whose sources are others than the ones they were made from.
--
-- Close peers are looked up by name, not by ref(): this reads what the build before left, not what this one makes.
{{ config(materialized='table') }}
{% set peers = adapter.get_relation(this.database, this.schema, 'int_network__close_peers')
    if execute and not flags.FULL_REFRESH else none %}
{% set sources = 'int_network__circle_sources' %}
select month
from {{ changed_months(sources, peers) if peers else ref(sources) }} as months
