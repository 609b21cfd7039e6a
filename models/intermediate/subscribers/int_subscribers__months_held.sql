-- Months that the warehouse holds: from the first month in which more than a stray few lines were billed to the month of the
-- as-of date, which may be running; none before the first bill. A stray bill of long ago would make years of empty months.
{% set first_bill = ask_dates('select min(month) from ' ~ ref('int_revenue__charges_allocated')) | first %}
{% set this_month = month_of(as_of_date()) %}
with

billed as (

    select
        month,
        lines_billed,
        max(lines_billed) over () as most_lines_billed
    from {{ ref('int_revenue__charges_allocated') }}
    where lines_billed > 0

),

spine as (

    {{ dbt.date_spine('month', first_bill or this_month, dbt.dateadd('month', 1, this_month)) }}

),

months as (

    select
        cast(date_month as date) as month,
        least({{ month_end('date_month') }}, {{ as_of_date() }}) as last_day,
        {{ month_end('date_month') }} <= {{ as_of_date() }} as is_complete_month
    from spine
    where date_month >= (
        select min(month) from billed
        where lines_billed >= {{ rule('billing_rules', 'first_month_share') }} * most_lines_billed
    )

)

select * from months
