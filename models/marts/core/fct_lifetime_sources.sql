-- What each month's expected lifetimes are made from: a fingerprint of the figures and averages of the lines, and of how they
-- lived, in the three months that end with it and the one before, in which a churner of the first was last seen; and of the
-- rules. Only months whose bills are in.
{{ config(access='private', meta={'public': false}) }}
with

held as (

    select * from {{ ref('fct_month_hashes') }}

),

windows as (

    select
        held.month,
        {{ dbt.listagg(
            "concat(before.month, ' ', before.figures_hash, ' ', averages.source_fingerprint, ' ', lives.rows_hash)", "'; '",
            'order by before.month'
        ) }} as months_told
    from held
    inner join held as before
        on held.month >= before.month
        and cast({{ dbt.dateadd('month', -3, 'held.month') }} as date) <= before.month
    inner join {{ ref('fct_average_sources') }} as averages on before.month = averages.month
    inner join {{ ref('int_subscribers__month_lives') }} as lives on before.month = lives.month
    where held.month <= {{ last_billed_month() }}
    group by held.month

)

select
    month,
    {{ fingerprint_of([
        'months_told', seed_text('value_rules', ['rule', 'value']), seed_text('tenure_bands', ['band', 'lower_bound']),
        seed_text('arpu_bands', ['band', 'lower_bound']),
    ]) }} as source_fingerprint
from windows
