-- How probable it is that each line on-net reaches 30 months, by naive Bayes, and whether the model tells lines that reach them
-- from lines that don't: else its probability is hardly more than that of all lines, and nothing is expected of one.
with

products as (

    select * from {{ ref('tenure_products') }}

),

-- Equal probabilities share their mean rank.
ranked as (

    select
        reaches_tenure,
        cast(2 * rank() over (order by unseen_probability) + count(*) over (partition by unseen_probability) - 1 as double) / 2
            as place
    from products
    where unseen_probability is not null

),

counted as (

    select
        sum(case when reaches_tenure then place end) as places,
        cast(sum(case when reaches_tenure then 1 else 0 end) as double) as reaching,
        cast(sum(case when reaches_tenure then 0 else 1 end) as double) as leaving
    from ranked

),

signal as (

    select
        cast({{ rounded(ratio('(places - reaching * (reaching + 1) / 2)', '(reaching * leaving)'), 6) }} as double) as signal_auc,
        least(reaching, leaving) as smaller_class
    from counted

),

judged as (

    select
        signal_auc,
        coalesce(
            smaller_class >= {{ rule('churn_rules', 'tenure_signal_lines') }}
            and signal_auc >= {{ rule('churn_rules', 'tenure_signal_auc') }}, false
        ) as has_signal
    from signal

)

select
    products.subscriber_id,
    cast({{ rounded('products.reaching_product', 15) }} as double) as reaching_product,
    cast({{ rounded('products.leaving_product', 15) }} as double) as leaving_product,
    cast({{ rounded(ratio('reaching_product', '(reaching_product + leaving_product)'), 12) }} as double) as tenure_30_probability,
    case when judged.has_signal then products.reaching_product > products.leaving_product end as is_expected_to_reach_30,
    judged.signal_auc,
    judged.has_signal
from products
cross join judged
where products.is_on_net
