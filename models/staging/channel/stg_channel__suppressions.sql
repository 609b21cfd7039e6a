-- Lines that must not be contacted, on one channel or all: the latest delivery.
with

source as (

    select * from {{ source('channel', 'channel_suppressions') }}
    where dt = {{ latest_delivery('channel_suppressions') }}

),

renamed as (

    select
        subscriber_id,
        channel,
        reason_code,
        effective_from,
        effective_to
    from source

)

select * from renamed
