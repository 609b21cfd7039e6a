-- Complaints: the latest row of each.
with

source as (

    select * from {{ latest_rows('channel', 'channel_complaints') }} as latest

),

renamed as (

    select
        complaint_id,
        subscriber_id,
        opened_at,
        closed_at,
        category_code,
        is_satisfied
    from source

)

select * from renamed
