-- When a line must not be called: by suppressions of its own, of its phone, and of every other line that has or had that phone,
-- as target lists go by them. No phone is here.
{{ config(materialized='view') }}
with

suppressions as (

    select
        subscriber_id,
        effective_from,
        effective_to
    from {{ ref('stg_channel__suppressions') }}
    where channel in ('all', 'outbound_call')

),

phone_closures as (

    select
        holders.phone_key,
        suppressions.effective_from,
        suppressions.effective_to
    from suppressions
    inner join {{ ref('stg_crm__phone_holders') }} as holders on suppressions.subscriber_id = holders.subscriber_id
    union all
    select
        phone_key,
        effective_from,
        effective_to
    from {{ ref('stg_channel__phone_suppressions') }}
    where channel in ('all', 'outbound_call')

),

closures as (

    select
        subscriber_id,
        effective_from,
        effective_to
    from suppressions
    union all
    select
        phones.subscriber_id,
        phone_closures.effective_from,
        phone_closures.effective_to
    from phone_closures
    inner join {{ ref('stg_crm__subscriber_phones') }} as phones on phone_closures.phone_key = phones.phone_key

),

dated as (

    select distinct
        subscriber_id,
        coalesce(effective_from, cast('1900-01-01' as date)) as closed_from,
        coalesce(effective_to, {{ open_end() }}) as closed_to
    from closures

)

-- One that ends before it begins was never in force.
select * from dated
where closed_from <= closed_to
