-- The only place that holds phone numbers as delivered: read at an export, never published, never joined to a model.
{{ config(schema='private', alias='subscriber_phones', materialized='table') }}
with

source as (

    select
        subscriber_id,
        msisdn,
        {{ phone_key('msisdn', rule('contact_rules', 'phone_digits')) }} as phone_key,
        activation_date,
        status_date,
        case
            when {{ is_terminal('status_code') }} then 2
            when activation_date > {{ as_of_date() }} then 1
            else 0
        end as distance
    from {{ source('crm', 'crm_subscribers') }}
    where dt = {{ latest_delivery('crm_subscribers') }}

),

judged as (

    select
        subscriber_id,
        msisdn,
        {{ matches_one_of('msisdn', 'msisdn_patterns') }} as is_valid_msisdn,
        phone_key,
        -- A number goes on to the next customer, and sometimes to two by mistake: it is that of the line on the network that was
        -- activated last; of one that is not activated yet, or of the last that left, only where there is none.
        case
            when phone_key is not null then first_value(subscriber_id) over (
                partition by phone_key order by distance asc, activation_date desc, status_date desc, subscriber_id desc
            )
        end as holder_id
    from source

)

select * from judged
