-- The only place that holds phone numbers: read at the moment of an export, never published, never joined to a model.
{{ config(schema='private', alias='subscriber_phones', materialized='table') }}
with

source as (

    select subscriber_id, msisdn from {{ source('crm', 'crm_subscribers') }}
    where dt = {{ latest_delivery('crm_subscribers') }}

),

judged as (

    select
        *,
        {{ matches_one_of('msisdn', 'msisdn_patterns') }} as is_valid_msisdn
    from source

)

select * from judged
