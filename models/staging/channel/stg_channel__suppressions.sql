-- Lines that must not be contacted, on one channel or all: the latest delivery, and lines whose processing is restricted.
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
