-- Months that the warehouse holds: from the earliest billed month to the month of the as-of date, which may be running; none
-- before the first bill.
{% set first_month = ask_dates('select min(bill_month) from ' ~ ref('stg_billing__charges')) | first %}
{% set this_month = month_of(as_of_date()) %}
with

spine as (

    {{ dbt.date_spine('month', first_month or this_month, dbt.dateadd('month', 1, this_month)) }}

),

months as (

    select
        cast(date_month as date) as month,
        least({{ month_end('date_month') }}, {{ as_of_date() }}) as last_day,
        {{ month_end('date_month') }} <= {{ as_of_date() }} as is_complete_month
    from spine
    {%- if not first_month %}
    where 1 = 0
    {%- endif %}

)

select * from months
