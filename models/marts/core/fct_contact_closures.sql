-- When a line must not be contacted, and on which channel: by suppressions of its own, of its phone, and of every other line that has
-- or had that phone, as target lists go by them. No phone is here.
{{ config(materialized='view') }}
with

suppressions as (

    select
        subscriber_id,
        channel,
        effective_from,
        effective_to
    from {{ ref('stg_channel__suppressions') }}

),

phone_closures as (

    select
        holders.phone_key,
        suppressions.channel,
        suppressions.effective_from,
        suppressions.effective_to
    from suppressions
    inner join {{ ref('stg_crm__phone_holders') }} as holders on suppressions.subscriber_id = holders.subscriber_id
    union all
    select
        phone_key,
        channel,
        effective_from,
        effective_to
    from {{ ref('stg_channel__phone_suppressions') }}

),

closures as (

    select
        subscriber_id,
        channel,
        effective_from,
        effective_to
    from suppressions
    union all
    select
        phones.subscriber_id,
        phone_closures.channel,
        phone_closures.effective_from,
        phone_closures.effective_to
    from phone_closures
    inner join {{ ref('stg_crm__subscriber_phones') }} as phones on phone_closures.phone_key = phones.phone_key

)

select distinct
    subscriber_id,
    channel,
    coalesce(effective_from, cast('1900-01-01' as date)) as closed_from,
    coalesce(effective_to, {{ open_end() }}) as closed_to
from closures
