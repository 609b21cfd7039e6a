-- Keys under which call pairs ever name one of the operator's own lines: a key may name none in one month and one in another.
-- It stands as a table, so that engines know how few they are.
{{ config(materialized='table') }}
select distinct peer_key
from {{ ref('stg_billing__call_pairs') }}
where peer_subscriber_id is not null
