-- What each month's averages are made from: a fingerprint of the figures of the twelve months that end with it, and of the bands.
{{ config(meta={'public': false}) }}
with

hashes as (

    select * from {{ ref('fct_month_hashes') }}

),

windows as (

    select
        hashes.month,
        {{ dbt.listagg("concat(before.month, ' ', before.figures_hash)", "'; '", 'order by before.month') }} as figures
    from hashes
    inner join hashes as before
        on hashes.month >= before.month
        and cast({{ dbt.dateadd('month', -11, 'hashes.month') }} as date) <= before.month
    group by hashes.month

)

select
    month,
    {{ fingerprint_of(['figures', seed_text('arpu_bands', ['band', 'lower_bound'])]) }} as source_fingerprint
from windows
