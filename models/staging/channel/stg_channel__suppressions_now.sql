-- Lines that must not be contacted, on one channel or all, as the lake has it whenever it is asked, whatever date a build is of:
-- a suppression that is known when a list is exported counts, also one that came in after the build.
with

source as (

    select * from {{ source('channel', 'channel_suppressions') }}
    where dt = (select max(dt) from {{ source('channel', 'channel_suppressions') }})

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
