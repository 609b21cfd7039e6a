-- Phones that must not be contacted, on one channel or all, as the lake has them whenever it is asked, like suppressions.
{{ config(schema='private', alias='phone_suppressions', materialized='view') }}
{{ phone_suppressions_of('(select max(dt) from ' ~ source('channel', 'channel_phone_suppressions') ~ ')') }}
