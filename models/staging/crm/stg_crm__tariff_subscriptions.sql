-- Which plan a line is or was on; one primary plan at a time: the latest delivery.
with

source as (

    select * from {{ source('crm', 'crm_tariff_subscriptions') }}
    where dt = {{ latest_delivery('crm_tariff_subscriptions') }}

),

renamed as (

    select
        subscriber_id,
        plan_code,
        start_date,
        end_date,
        is_primary
    from source

)

select * from renamed
