-- Months of lines that this build recomputes: those whose sources are others than the ones they were made from.
--
-- The fact is looked up by name, not by ref(): this reads what the build before left, not what this one makes.
{{ config(materialized='table') }}
{% set fact = adapter.get_relation(public_database(), generate_schema_name('core', none), 'fct_subscriber_months')
    if execute and not flags.FULL_REFRESH else none %}
{% set sources = 'int_subscribers__month_sources' %}
select month
from {{ changed_months(sources, fact) if fact else ref(sources) }} as months
