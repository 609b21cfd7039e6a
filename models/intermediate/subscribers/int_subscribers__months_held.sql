-- Months that the warehouse holds: from the earliest billed month to the month of the as-of date, which may be running.
{% set first_month = ask_dates(
    'select min(bill_month) from ' ~ ref('stg_billing__charges')
) | first or last_complete_month(1) %}
with

spine as (

    {{ dbt.date_spine('month', first_month, dbt.dateadd('month', 1, month_of(as_of_date()))) }}

),

months as (

    select
        cast(date_month as date) as month,
        least({{ month_end('date_month') }}, {{ as_of_date() }}) as last_day,
        {{ month_end('date_month') }} <= {{ as_of_date() }} as is_complete_month
    from spine

)

select * from months
