-- How probable it is that each line on-net reaches 30 months: naive Bayes, the prior of either class times the likelihoods of
-- the line's attributes in it. A value that the model has never seen takes the likelihood of any other.
{% set attributes = ['plan_code', 'brand_code', 'payment_type', 'number_class', 'arpu_band'] %}
{% set classes = {'reaching': 'reaches_tenure', 'leaving': 'not reaches_tenure'} %}
with

likelihoods as (

    select * from {{ ref('tenure_likelihoods') }}

),

priors as (

    select
        {%- for class, is_class in classes.items() %}
        max(case when {{ is_class }} then prior_share end) as {{ class }}_prior{{ "," if not loop.last }}
        {%- endfor %}
    from likelihoods

),

others as (

    select
        attribute,
        {%- for class, is_class in classes.items() %}
        max(case when {{ is_class }} then likelihood end) as {{ class }}{{ "," if not loop.last }}
        {%- endfor %}
    from likelihoods
    where is_any_other
    group by attribute

),

pairs as (

    select
        attribute,
        value,
        {%- for class, is_class in classes.items() %}
        max(case when {{ is_class }} then likelihood end) as {{ class }}{{ "," if not loop.last }}
        {%- endfor %}
    from likelihoods
    where not is_any_other
    group by attribute, value

),

multiplied as (

    select
        lines.subscriber_id,
        {%- for class in classes %}
        priors.{{ class }}_prior
        {%- for attribute in attributes %}
        * coalesce({{ attribute }}_pair.{{ class }}, {{ attribute }}_other.{{ class }}, 1)
        {%- endfor %} as {{ class }}_product{{ "," if not loop.last }}
        {%- endfor %}
    from {{ ref('tenure_attributes_seen') }} as lines
    cross join priors
    {%- for attribute in attributes %}
    left join pairs as {{ attribute }}_pair
        on {{ attribute }}_pair.attribute = '{{ attribute }}'
        and lines.{{ attribute }} = {{ attribute }}_pair.value
    left join others as {{ attribute }}_other on {{ attribute }}_other.attribute = '{{ attribute }}'
    {%- endfor %}
    where lines.is_on_net

)

select
    subscriber_id,
    cast({{ rounded('reaching_product', 15) }} as double) as reaching_product,
    cast({{ rounded('leaving_product', 15) }} as double) as leaving_product,
    cast({{ rounded(ratio('reaching_product', '(reaching_product + leaving_product)'), 12) }} as double) as tenure_30_probability,
    reaching_product > leaving_product as is_expected_to_reach_30
from multiplied
