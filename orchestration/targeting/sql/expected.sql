{# What a decided list will cost and bring, by the offers that its lines are put. #}
with

costs as (

    select max(contact_cost) as contact_cost
    from channel_costs
    where channel = {{ channel | text }}

)

select
    count(*) as lines,
    count(*) * max(costs.contact_cost) as contact_cost,
    sum(offer_chances.acceptance_chance) as orders,
    sum(offer_chances.acceptance_chance * offer_chances.gift_cost_amount) as gift_cost
from decisions
cross join costs
left join offer_chances on decisions.offer_code = offer_chances.offer_code
where decisions.list_number = {{ list_number }} and decisions.reason is null
