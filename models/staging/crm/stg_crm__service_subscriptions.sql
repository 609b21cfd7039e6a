-- Add-on services a line has or had: the latest delivery.
with

source as (

    select * from {{ source('crm', 'crm_service_subscriptions') }}
    where dt = {{ latest_delivery('crm_service_subscriptions') }}

),

renamed as (

    select
        subscriber_id,
        service_code,
        start_date,
        end_date
    from source

)

select * from renamed
