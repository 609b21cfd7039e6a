-- The products of naive Bayes for every line that is judged or learnt from: the prior of either class times the likelihoods of
-- the line's attributes in it. A value that the model has never seen takes the likelihood of any other; a null says nothing.
{{ config(access='private', meta={'public': false}) }}
{% set attributes = tenure_attributes() %}
{% set classes = {'reaching': 'reaches_tenure', 'leaving': 'not reaches_tenure'} %}
with

likelihoods as (

    select
        *,
        sum(case when is_any_other then 0 else 1 end) over (partition by attribute, reaches_tenure) as values_seen
    from {{ ref('tenure_likelihoods') }}

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
        {%- for attribute in attributes %}
        {%- for class, is_class in classes.items() %}
        max(case when attribute = '{{ attribute }}' and {{ is_class }} then likelihood end) as {{ attribute }}_{{ class }}
        {{- "," if not loop.last }}
        {%- endfor %}{{ "," if not loop.last }}
        {%- endfor %}
    from likelihoods
    where is_any_other

),

-- `own`: the likelihood in the line's own class without the line itself.
pairs as (

    select
        attribute,
        value,
        {%- for class, is_class in classes.items() %}
        max(case when {{ is_class }} then likelihood end) as {{ class }},
        max(case when {{ is_class }} then {{ ratio('lines', '(class_size - 1 + values_seen)') }} end) as {{ class }}_own
        {{- "," if not loop.last }}
        {%- endfor %}
    from likelihoods
    where not is_any_other
    group by attribute, value

),

multiplied as (

    select
        lines.subscriber_id,
        lines.is_on_net,
        lines.reaches_tenure,
        {%- for class, is_class in classes.items() %}
        priors.{{ class }}_prior
        {%- for attribute in attributes %}
        * case when lines.{{ attribute }} is null then 1
            else coalesce({{ attribute }}_pair.{{ class }}, others.{{ attribute }}_{{ class }}, 1)
        end
        {%- endfor %} as {{ class }}_product,
        case when {{ is_class }} then
            priors.{{ class }}_prior
            {%- for attribute in attributes %}
            * coalesce({{ attribute }}_pair.{{ class }}_own, 1)
            {%- endfor %}
        end as {{ class }}_product_own{{ "," if not loop.last }}
        {%- endfor %}
    from {{ ref('tenure_attributes_seen') }} as lines
    cross join priors
    cross join others
    {%- for attribute in attributes %}
    left join pairs as {{ attribute }}_pair
        on {{ attribute }}_pair.attribute = '{{ attribute }}'
        and lines.{{ attribute }} = {{ attribute }}_pair.value
    {%- endfor %}
    where lines.is_on_net or lines.reaches_tenure is not null

)

select
    subscriber_id,
    is_on_net,
    reaches_tenure,
    cast(reaching_product as double) as reaching_product,
    cast(leaving_product as double) as leaving_product,
    case when reaches_tenure is not null then cast({{ rounded(ratio(
        'coalesce(reaching_product_own, reaching_product)',
        '(coalesce(reaching_product_own, reaching_product) + coalesce(leaving_product_own, leaving_product))'
    ), 12) }} as double) end as unseen_probability
from multiplied
