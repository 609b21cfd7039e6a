-- Subscribers as the CRM last told them, without their phone numbers: private.subscriber_phones alone holds these.
-- Lines activated after the as-of date don't exist yet.
with

source as (

    select * from {{ source('crm', 'crm_subscribers') }}
    where dt = {{ latest_delivery('crm_subscribers') }}

),

renamed as (

    select
        ---------- ids
        subscriber_id,
        customer_id,
        account_id,
        sales_outlet_id as outlet_id,
        manager_id,

        ---------- codes
        brand_code,
        payment_type,
        status_code,
        {{ is_terminal('status_code') }} as is_terminated,
        number_class,
        is_real_name,
        region_code,
        county_code,
        billing_cycle_code,

        ---------- dates
        activation_date,
        status_date,
        dt as snapshot_date

    from source
    where activation_date <= {{ as_of_date() }}

)

select * from renamed
