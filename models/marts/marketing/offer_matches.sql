{{ config(materialized='view') }}
select * from {{ ref('next_best_offers') }}
