-- Who meets the condition of which offer that is valid on the business date: one scan of all tags, a condition an offer.
-- Conditions were checked and turned into SQL when they were delivered, and are asked for while this is compiled.
{{ config(materialized='view') }}
{% set cases = [] %}
{% for offer in standing_conditions() %}
    {#- Who no condition names is on-net: offers are for lines in service, but for those that ask about it themselves. -#}
    {%- set conditions = [] if 'is_on_net' in (offer.tags or '').split(',') else ['is_on_net'] -%}
    {%- if offer.condition -%}{%- do conditions.append('(' ~ offer.condition ~ ')') -%}{%- endif -%}
    {%- do cases.append('case when ' ~ conditions | join(' and ') ~ ' then ' ~ text(offer.offer_code) ~ ' end') -%}
{% endfor %}
with

lines as (

    select
        subscriber_id,
        {{ as_list(cases or [text(none)]) }} as offers
    from {{ ref('subscriber_360') }}

),

met as (

    select
        subscriber_id,
        {{ unnested('offers') }} as offer_code
    from lines

)

select
    subscriber_id,
    offer_code
from met
where offer_code is not null
