-- What each month's values are made from: a fingerprint of its averages, expected lifetimes and circles, of what the
-- register says of its lines, and of the rules.
{{ config(access='protected', meta={'public': false}) }}
with

lifetimes as (

    select
        month,
        {{ set_hash(['tenure_band', 'arpu_band', 'expected_remaining_months']) }} as lifetimes_hash
    from {{ ref('fct_expected_lifetimes') }}
    group by month

)

select
    averages.month,
    {{ fingerprint_of([
        'averages.source_fingerprint', 'held.attributes_hash', 'lifetimes.lifetimes_hash', 'circles.source_fingerprint',
        seed_text('value_rules', ['rule', 'value']),
        seed_text('value_tiers', ['band', 'lower_bound', 'value_class']),
    ]) }} as source_fingerprint
from {{ ref('fct_average_sources') }} as averages
inner join {{ ref('fct_month_hashes') }} as held on averages.month = held.month
inner join lifetimes on averages.month = lifetimes.month
left join {{ ref('int_network__circle_sources') }} as circles on averages.month = circles.month
