-- Orders with their day and whether they were completed.
with

orders as (

    select
        *,
        cast(ordered_at as date) as order_date,
        order_status = 'completed' as is_completed
    from {{ ref('stg_channel__orders') }}

)

select * from orders
