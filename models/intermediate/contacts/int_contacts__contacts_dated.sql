-- Contacts with the day and the hour at which they took place.
with

contacts as (

    select
        *,
        cast(contacted_at as date) as contact_date,
        cast(extract(hour from contacted_at) as integer) as contact_hour
    from {{ ref('stg_channel__contacts') }}

)

select * from contacts
