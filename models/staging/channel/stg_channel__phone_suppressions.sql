-- Phones that must not be contacted, on one channel or all: the latest delivery.
{{ config(schema='private', alias='phone_suppressions_of_date', materialized='view') }}
{{ phone_suppressions_of(latest_delivery('channel_phone_suppressions')) }}
