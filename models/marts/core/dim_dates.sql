-- The days from the first month held to the business date.
{% set first_month = ask_dates('select min(month) from ' ~ ref('dim_months')) | first %}
with

spine as (

    {{ dbt.date_spine('day', first_month or as_of_date(), dbt.dateadd('day', 1, as_of_date())) }}

)

select
    cast(date_day as date) as date_day,
    {{ month_of('date_day') }} as month
from spine
