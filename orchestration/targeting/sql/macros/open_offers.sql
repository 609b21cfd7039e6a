{# The CTE open_offers: offers open to each line that are valid on the run date, too, with their place among these. A version has
   those that were valid on its business date. #}
{% macro open_offers_cte(relations, run_date) -%}
open_offers as (

    select
        matches.subscriber_id,
        matches.offer_code,
        offers.offer_name,
        matches.worth_amount,
        row_number() over (partition by matches.subscriber_id order by matches.rank) as place
    from {{ relations.open_offers }} as matches
    inner join {{ relations.offers }} as offers on matches.offer_code = offers.offer_code
    where offers.valid_to is null or offers.valid_to >= {{ run_date | day }}

)
{%- endmacro %}
