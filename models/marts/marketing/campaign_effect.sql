-- What all runs together did, by list, channel, manager, region and offer, against those held back by the same runs.
{% set dimensions = {
    'list': 'list_name', 'channel': 'channel', 'manager': 'manager_id', 'region': 'region_code', 'offer': 'offer_code'
} %}
{% set values = ['list_value', 'channel_value', 'manager_value', 'region_value', 'offer_value'] %}
with

members as (

    select
        *,
        {%- for dimension, column in dimensions.items() %}
        coalesce({{ column }}, 'unknown') as {{ dimension }}_value{{ "," if not loop.last }}
        {%- endfor %}
    from {{ ref('list_member_outcomes') }}

),

counted as (

    select
        case
            {%- for dimension in dimensions %}
            when {{ dimension }}_value is not null then '{{ dimension }}'
            {%- endfor %}
        end as dimension,
        coalesce({{ values | join(', ') }}) as code,
        {{ effect_counts() }}
    from members
    group by grouping sets (({{ values | join('), (') }}))

),

effect as (

    {{ effect_rates('counted', ['dimension', 'code'], rule('effect_rules', 'confidence_z')) }}

)

select * from effect
