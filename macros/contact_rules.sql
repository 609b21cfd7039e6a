{# What decides whether a line may be contacted or put an offer, told once for all models. #}

{# Is a period in force on a day, both of its days counted in? An open end counts as open, and so does an open beginning. #}
{% macro in_force(first_day, last_day, day) -%}
    ({{ first_day }} is null or {{ first_day }} <= {{ day }}) and ({{ last_day }} is null or {{ last_day }} >= {{ day }})
{%- endmacro %}


{# The caps of contact_rules, by name: each allows so many outbound `contacts` in so many `days`, the business date counted in. #}
{% macro contact_caps() -%}
    {{ return({
        'short': {'days': rule('contact_rules', 'short_cap_days'), 'contacts': rule('contact_rules', 'short_cap_contacts')},
        'mid': {'days': rule('contact_rules', 'mid_cap_days'), 'contacts': rule('contact_rules', 'mid_cap_contacts')},
        'long': {'days': rule('contact_rules', 'long_cap_days'), 'contacts': rule('contact_rules', 'long_cap_contacts')},
    }) }}
{%- endmacro %}


{# Suppressions of one delivery, and on all channels lines whose processing is restricted. #}
{% macro suppressions_of(delivery) -%}
    with

    source as (

        select * from {{ source('channel', 'channel_suppressions') }}
        where dt = {{ delivery }}

    ),

    renamed as (

        select
            subscriber_id,
            channel,
            reason_code,
            effective_from,
            effective_to
        from source

    ),

    restricted as (

        select
            subscriber_id,
            'all' as channel,
            'restricted' as reason_code,
            restricted_from as effective_from,
            cast(null as date) as effective_to
        from {{ source('ledger', 'restrictions') }}

    ),

    all_closed as (

        select * from renamed
        union all
        select * from restricted

    )

    select * from all_closed
{%- endmacro %}


{# Phones of one delivery that must not be contacted, by their keys. #}
{% macro phone_suppressions_of(delivery) -%}
    with

    source as (

        select * from {{ source('channel', 'channel_phone_suppressions') }}
        where dt = {{ delivery }}

    ),

    keyed as (

        select
            {{ phone_key('msisdn', rule('contact_rules', 'phone_digits')) }} as phone_key,
            channel,
            reason_code,
            effective_from,
            effective_to
        from source

    ),

    renamed as (

        select
            phone_key,
            channel,
            reason_code,
            effective_from,
            -- One phone may be written in two ways; an open end outlasts every other.
            nullif(max(coalesce(effective_to, {{ open_end() }})), {{ open_end() }}) as effective_to
        from keyed
        where phone_key is not null
        group by phone_key, channel, reason_code, effective_from

    )

    select * from renamed
{%- endmacro %}
