-- What this version is: one row for readers who want to know what they look at before they trust a figure.
with

tables as (

    select * from {{ ref('dim_raw_tables') }}

),

late as (

    select {{ dbt.listagg('table_name', "', '", 'order by table_name') }} as late_tables
    from tables
    where is_late

),

noted as (

    {% for note in model_notes() %}
    select {{ text(note.text) }} as note from tables
    where table_name = '{{ note.when_missing }}' and delivered_to is null
    union
    {% endfor %}
    select cast(null as {{ dbt.type_string() }}) as note

),

told as (

    select {{ dbt.listagg('note', "' '", 'order by note') }} as notes
    from noted
    where note is not null

),

billed as (

    select max(month) as last_billed_month from {{ ref('dim_months') }}
    where is_billed

)

select
    {{ as_of_date() }} as business_date,
    {{ last_complete_month() }} as last_complete_month,
    billed.last_billed_month,
    {{ text(run_id()) }} as run_id,
    {{ text(var('code')) }} as code,
    late.late_tables,
    told.notes
from billed
cross join late
cross join told
