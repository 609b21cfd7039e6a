-- What complete months hold, each as one figure: the figures of its lines that averages and values go by; and of the lines
-- on-net at its end what the register says as of the business date: whom they belong to, where, whether they are key persons,
-- and traits that scoring goes by. What is made of months is rebuilt where these change.
{{ config(access='protected', meta={'public': false}) }}
{% set figures = ['facts.subscriber_id', 'facts.is_on_net_opening', 'facts.was_on_net', 'facts.is_on_net_end',
    'facts.tenure_months', 'facts.tenure_band', 'facts.arpu_amount', 'facts.mou_minutes', 'facts.outgoing_minutes',
    'facts.call_count', 'facts.messages_sent', 'facts.dou_mb', 'facts.offnet_minutes'] %}
{% set attributes = ['facts.subscriber_id', 'lines.customer_id', 'lines.region_code', 'lines.county_code',
    'key_persons.subscriber_id'] %}
{% set traits = ['facts.subscriber_id', 'lines.payment_type', 'lines.number_class'] %}
select
    facts.month,
    min(facts.source_fingerprint) as source_fingerprint,
    cast({{ set_hash(figures) }} as {{ dbt.type_string() }}) as figures_hash,
    cast({{ set_hash(attributes) }} filter (where facts.is_on_net_end) as {{ dbt.type_string() }}) as attributes_hash,
    cast({{ set_hash(traits) }} filter (where facts.is_on_net_end) as {{ dbt.type_string() }}) as traits_hash
from {{ ref('fct_subscriber_months') }} as facts
left join {{ ref('dim_subscribers') }} as lines on facts.subscriber_id = lines.subscriber_id
left join {{ ref('int_subscribers__key_persons') }} as key_persons
    on facts.subscriber_id = key_persons.subscriber_id
    and facts.month = key_persons.month
where facts.is_complete_month and not facts.is_after_churn
group by facts.month
