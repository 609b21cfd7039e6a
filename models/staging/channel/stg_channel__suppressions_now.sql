-- Lines that must not be contacted, on one channel or all, as the lake has it whenever it is asked, whatever date a build is of:
-- a suppression that is known when a list is exported counts, also one that came in after the build. So does a restriction.
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

),

restricted as (

    select
        subscriber_id,
        'all' as channel,
        'restricted' as reason_code,
        restricted_from as effective_from,
        cast(null as date) as effective_to
    from {{ source('ledger', 'restrictions') }}

),

all_closed as (

    select * from renamed
    union all
    select * from restricted

)

select * from all_closed
