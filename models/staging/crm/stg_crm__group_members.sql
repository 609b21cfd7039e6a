-- Which lines belong to which group, and in what role: the latest delivery.
with

source as (

    select * from {{ source('crm', 'crm_group_members') }}
    where dt = {{ latest_delivery('crm_group_members') }}

),

renamed as (

    select
        group_id,
        subscriber_id,
        member_role,
        joined_on,
        left_on
    from source

)

select * from renamed
