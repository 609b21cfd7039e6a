-- Every line that has or had a phone, by all accepted registers: a suppression of any of them closes the phone. Each build adds
-- the pairs of deliveries that are new to it, by date or by when intake judged them; a pair once seen stays.
{{ config(
    schema='private', alias='phone_holders', materialized='incremental', incremental_strategy='append', on_schema_change='fail'
) }}
{% set deliveries -%}
    (
        select dt, max(recorded_at) as recorded_at from {{ source('ledger', 'intake') }}
        where outcome = 'accepted' and table_name = 'crm_subscribers' and dt <= {{ as_of_date() }}
        group by dt
    )
{%- endset %}
{% set is_new -%}
    dt > (select coalesce(max(seen_on), date '1900-01-01') from {{ this }})
    or recorded_at > (select coalesce(max(recorded_at), timestamp '1900-01-01 00:00:00') from {{ this }})
{%- endset %}
{% set dates = ask_dates('select dt from ' ~ deliveries ~ ' as d' ~ (' where ' ~ is_new if is_incremental() else '')) %}
with

source as (

    select
        dt,
        subscriber_id,
        {{ phone_key('msisdn', rule('contact_rules', 'phone_digits')) }} as phone_key
    from {{ source('crm', 'crm_subscribers') }}
    where dt in ({{ (dates or ["date '1900-01-01'"]) | join(', ') }})

),

pairs as (

    select phone_key, subscriber_id, min(dt) as seen_on
    from source
    where phone_key is not null
    group by phone_key, subscriber_id

),

recorded as (

    select pairs.*, deliveries.recorded_at
    from pairs
    inner join {{ deliveries }} as deliveries on pairs.seen_on = deliveries.dt
    {% if is_incremental() %}
    left join {{ this }} as known
        on pairs.phone_key = known.phone_key
        and pairs.subscriber_id = known.subscriber_id
    where known.subscriber_id is null
    {% endif %}

)

select * from recorded
