-- How likely each offer is to be taken when it is put to a line, and what putting it and its gift cost. The rate of an offer
-- seldom put is drawn to that of all offers.
{% set weight = rule('effect_rules', 'chance_weight') %}
with

contacts as (

    select
        contacts.offer_code,
        count(*) as contacts,
        count(successes.contact_id) as accepted
    from {{ ref('fct_contacts') }} as contacts
    left join {{ ref('contact_conversions') }} as successes on contacts.contact_id = successes.contact_id
    where contacts.offer_code is not null
        and contacts.contact_date >= {{ window_start(12) }}
        -- Of later ones the days in which an order counts are not over.
        and contacts.contact_date <= {{ days_before(rule('effect_rules', 'success_days')) }}
    group by contacts.offer_code

),

all_offers as (

    select {{ ratio('sum(accepted)', 'sum(contacts)') }} as rate from contacts

),

counted as (

    select
        offers.offer_code,
        offers.offer_type,
        coalesce(contacts.contacts, 0) as contacts,
        coalesce(contacts.accepted, 0) as accepted,
        all_offers.rate as rate_of_all,
        costs.contact_cost as contact_cost_amount,
        cast({{ rounded('coalesce(offers.gift_amount, 0) * costs.gift_share', 2) }} as decimal(12, 2)) as gift_cost_amount
    from {{ ref('dim_offers') }} as offers
    cross join all_offers
    left join contacts on offers.offer_code = contacts.offer_code
    left join {{ ref('offer_costs') }} as costs on coalesce(offers.offer_type, 'other') = costs.offer_type

)

select
    offer_code,
    offer_type,
    contacts,
    accepted,
    {{ ratio('accepted', 'contacts') }} as acceptance_rate,
    cast({{ rounded(ratio('(accepted + ' ~ weight ~ ' * rate_of_all)', '(contacts + ' ~ weight ~ ')'), 6) }} as decimal(9, 6))
        as acceptance_chance,
    contact_cost_amount,
    gift_cost_amount
from counted
