-- The primary plan of a line by period: from its start until the next one's, whatever its end date. Of two that start on one
-- day the lower code counts.
with

subscriptions as (

    select * from {{ ref('stg_crm__tariff_subscriptions') }}
    where is_primary

),

started as (

    select subscriber_id, start_date, plan_code
    from subscriptions
    qualify row_number() over (partition by subscriber_id, start_date order by plan_code) = 1

),

periods as (

    select
        subscriber_id,
        start_date,
        lead(start_date, 1, {{ open_end() }}) over (partition by subscriber_id order by start_date) as next_start_date,
        plan_code
    from started

)

select * from periods
