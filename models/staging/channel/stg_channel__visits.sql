-- Times the customer came to the operator, by any channel: the latest row of each.
with

source as (

    select * from {{ latest_rows('channel', 'channel_visits') }} as latest

),

renamed as (

    select
        visit_id,
        subscriber_id,
        visited_at,
        channel,
        purpose_code
    from source

)

select * from renamed
