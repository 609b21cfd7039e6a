-- Catalogue of value-added and add-on services: the latest delivery.
with

source as (

    select * from {{ source('crm', 'crm_services') }}
    where dt = {{ latest_delivery('crm_services') }}

),

renamed as (

    select
        service_code,
        service_name,
        service_class,
        monthly_fee
    from source

)

select * from renamed
