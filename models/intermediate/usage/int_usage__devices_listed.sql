-- Handset models by type allocation code, with their age at the business date.
with

models as (

    select
        *,
        {{ dbt.datediff('launched_on', as_of_date(), 'month') }} as months_since_launch
    from {{ ref('stg_crm__device_models') }}

)

select * from models
