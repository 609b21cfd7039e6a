-- Handset catalogue by type allocation code (the first eight digits of an IMEI): the latest delivery.
with

source as (

    select * from {{ source('crm', 'crm_device_models') }}
    where dt = {{ latest_delivery('crm_device_models') }}

),

renamed as (

    select
        tac,
        device_brand,
        device_model,
        operating_system,
        network_generation,
        list_price,
        launched_on
    from source

)

select * from renamed
