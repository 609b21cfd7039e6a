-- Phones that must not be contacted, on one channel or all, as the lake has them whenever it is asked, like suppressions.
{{ config(schema='private', alias='phone_suppressions', materialized='view') }}
with

source as (

    select * from {{ source('channel', 'channel_phone_suppressions') }}
    where dt = (select max(dt) from {{ source('channel', 'channel_phone_suppressions') }})

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
