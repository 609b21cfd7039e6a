-- Life events of a line: the latest row of each.
with

source as (

    select * from {{ latest_rows('crm', 'crm_subscriber_events') }} as latest

),

renamed as (

    select
        event_id,
        subscriber_id,
        event_type,
        {{ is_terminal('event_type') }} as is_terminal,
        event_at,
        reason_code,
        outlet_id
    from source

)

select * from renamed
