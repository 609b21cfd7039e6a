-- Customer managers and telephone managers: the latest delivery.
with

source as (

    select * from {{ source('channel', 'channel_managers') }}
    where dt = {{ latest_delivery('channel_managers') }}

),

renamed as (

    select
        manager_id,
        team,
        outlet_id,
        region_code,
        task_capacity
    from source

)

select * from renamed
