-- The operator's tariff catalogue: the latest delivery.
with

source as (

    select * from {{ source('crm', 'crm_tariff_plans') }}
    where dt = {{ latest_delivery('crm_tariff_plans') }}

),

renamed as (

    select
        plan_code,
        plan_name,
        brand_code,
        monthly_fee,
        included_minutes,
        included_mb,
        included_messages,
        overage_fee_per_minute,
        overage_fee_per_mb,
        overage_fee_per_message,
        network_generation,
        is_on_sale
    from source

)

select * from renamed
