-- Customers as the CRM last told them. The date of birth gives a month and an age band and goes no further; names and document
-- numbers are not read at all.
with

source as (

    select * from {{ source('crm', 'crm_customers') }}
    where dt = {{ latest_delivery('crm_customers') }}

),

aged as (

    select
        *,
        extract(year from {{ as_of_date() }}) - extract(year from birth_date)
        - case when {{ month_day(as_of_date()) }} < {{ month_day('birth_date') }} then 1 else 0 end as age_years
    from source

),

renamed as (

    select
        aged.customer_id,

        aged.customer_type,
        aged.gender,
        age_bands.band as age_band,
        cast(extract(month from aged.birth_date) as integer) as birth_month,
        aged.occupation,
        aged.annual_income,
        aged.region_code,
        aged.county_code,

        aged.registered_on as registration_date

    from aged
    left join {{ bands('age_bands') }} as age_bands
        on {{ in_band('aged.age_years', 'age_bands') }}

)

select * from renamed
