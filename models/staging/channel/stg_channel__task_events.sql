-- What became of tasks, as the tool of the managers tells it: the latest row of each event.
with

source as (

    select * from {{ latest_rows('channel', 'channel_task_events') }} as latest

),

renamed as (

    select
        event_id,
        task_id,
        event_at,
        event_type,
        manager_id,
        outlet_id,
        appointment_date,
        result_code
    from source

)

select * from renamed
