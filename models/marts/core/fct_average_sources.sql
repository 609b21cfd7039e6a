-- What each month's averages are made from: a fingerprint of the figures of the twelve months that end with it, and of the bands.
{{ config(access='protected', meta={'public': false}) }}
with

held as (

    select * from {{ ref('fct_month_hashes') }}

),

windows as (

    select
        held.month,
        {{ dbt.listagg("concat(before.month, ' ', before.figures_hash)", "'; '", 'order by before.month') }} as figures
    from held
    inner join held as before
        on held.month >= before.month
        and cast({{ dbt.dateadd('month', -11, 'held.month') }} as date) <= before.month
    group by held.month

)

select
    windows.month,
    {{ fingerprint_of(['windows.figures', 'months.is_billed', seed_text('arpu_bands', ['band', 'lower_bound'])]) }}
        as source_fingerprint
from windows
inner join {{ ref('dim_months') }} as months on windows.month = months.month
