-- Catalogue of bill items: the latest delivery.
with

source as (

    select * from {{ source('billing', 'billing_fee_codes') }}
    where dt = {{ latest_delivery('billing_fee_codes') }}

),

renamed as (

    select
        fee_code,
        fee_name,
        fee_class,
        counts_to_arpu
    from source

)

select * from renamed
