-- Term agreements, a prepaid-gift, a handset subsidy, a minimum spend, a broadband bundle: the latest delivery.
with

source as (

    select * from {{ source('crm', 'crm_contracts') }}
    where dt = {{ latest_delivery('crm_contracts') }}

),

renamed as (

    select
        contract_id,
        subscriber_id,
        offer_code,
        contract_type,
        start_date,
        end_date,
        monthly_commitment
    from source

)

select * from renamed
