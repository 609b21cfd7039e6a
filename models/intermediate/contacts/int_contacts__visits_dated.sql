-- Visits with their day.
with

visits as (

    select
        *,
        cast(visited_at as date) as visit_date
    from {{ ref('stg_channel__visits') }}

)

select * from visits
