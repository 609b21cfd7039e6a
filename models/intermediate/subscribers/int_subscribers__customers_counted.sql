-- Customers with the lines they hold at the business date.
with

customers as (

    select * from {{ ref('stg_crm__customers') }}

),

lines as (

    select
        customer_id,
        count(*) as subscriber_count,
        sum(case when is_on_net then 1 else 0 end) as on_net_subscriber_count
    from {{ ref('int_subscribers__present_state') }}
    group by customer_id

),

counted as (

    select
        customers.*,
        income_bands.band as income_band,
        coalesce(lines.subscriber_count, 0) as subscriber_count,
        coalesce(lines.on_net_subscriber_count, 0) as on_net_subscriber_count
    from customers
    left join lines on customers.customer_id = lines.customer_id
    left join {{ bands('income_bands') }} as income_bands
        on {{ in_band('customers.annual_income', 'income_bands') }}

)

select * from counted
