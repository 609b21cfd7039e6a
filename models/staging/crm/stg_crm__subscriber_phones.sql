-- The only place that holds phone numbers: read at the moment of an export, never published, never joined to a model.
{{ config(schema='private', alias='subscriber_phones', materialized='table') }}
with

source as (

    select subscriber_id, msisdn from {{ source('crm', 'crm_subscribers') }}
    where dt = {{ latest_delivery('crm_subscribers') }}

),

judged as (

    select
        source.subscriber_id,
        source.msisdn,
        coalesce(bool_or({{ matches('source.msisdn', 'patterns.pattern') }}), false) as is_valid_msisdn
    from source
    cross join {{ ref('msisdn_patterns') }} as patterns
    group by source.subscriber_id, source.msisdn

)

select * from judged
