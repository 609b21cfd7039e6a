-- Which offers may be put to a line, the best first: the one view that every channel shows. An offer is closed in every channel
-- once the line has a completed order of it; a cancelled or failed one leaves it open.
with

offers as (

    select * from {{ ref('dim_offers') }}
    where is_valid

),

ordered as (

    select distinct
        subscriber_id,
        offer_code
    from {{ ref('fct_orders') }}
    where is_completed

),

open_offers as (

    select
        eligible.subscriber_id,
        offers.*,
        losses.expected_loss_amount as value_at_stake_amount,
        chances.acceptance_chance,
        chances.contact_cost_amount,
        chances.gift_cost_amount,
        cast({{ rounded('uplifts.uplift', 6) }} as decimal(9, 6)) as uplift,
        -- Asking saves the loss of those whom it wins; the gift goes to all who take the offer.
        cast({{ rounded(
            'coalesce(uplifts.uplift, cast(chances.acceptance_chance as double)) * cast(losses.expected_loss_amount as double)'
            ~ ' - cast(chances.acceptance_chance as double) * cast(chances.gift_cost_amount as double)'
            ~ ' - cast(chances.contact_cost_amount as double)', 2
        ) }} as decimal(18, 2)) as worth_amount,
        row_number() over (
            partition by eligible.subscriber_id order by offers.priority asc nulls last, offers.offer_code asc
        ) as place,
        count(*) over (partition by eligible.subscriber_id) as places
    from {{ ref('offer_eligibility') }} as eligible
    inner join offers on eligible.offer_code = offers.offer_code
    left join ordered
        on eligible.subscriber_id = ordered.subscriber_id
        and eligible.offer_code = ordered.offer_code
    left join {{ ref('offer_chances') }} as chances on eligible.offer_code = chances.offer_code
    left join {{ ref('line_bundles') }} as losses on eligible.subscriber_id = losses.subscriber_id
    left join {{ ref('stg_ledger__offer_uplifts') }} as uplifts
        on eligible.subscriber_id = uplifts.subscriber_id
        and eligible.offer_code = uplifts.offer_code
    where ordered.offer_code is null

),

ranked as (

    select
        *,
        row_number() over (
            partition by subscriber_id order by worth_amount desc nulls last, place asc
        ) as worth_place
    from open_offers

)

select
    ranked.subscriber_id,
    ranked.offer_code,
    ranked.offer_name,
    ranked.offer_type,
    cast(ranked.place as bigint) as rank,
    ranked.place = 1 as is_best,
    ranked.script,
    concat(
        coalesce('meets ' || nullif(trim(ranked.eligibility), ''), 'for every line on the network'),
        '; ', cast(ranked.place as {{ dbt.type_string() }}), ' of ', cast(ranked.places as {{ dbt.type_string() }}),
        coalesce(' by priority ' || cast(ranked.priority as {{ dbt.type_string() }}), ', without a priority')
    ) as reason,
    contact.is_suppressed_all,
    campaigns.is_universal_control,
    ranked.value_at_stake_amount,
    ranked.acceptance_chance,
    ranked.uplift,
    ranked.worth_amount,
    case
        when ranked.worth_amount is null then null when ranked.uplift is not null then 'uplift' else 'chance'
    end as worth_by,
    cast(ranked.worth_place as bigint) as worth_rank,
    coalesce(ranked.worth_place = 1 and ranked.worth_amount > 0, false) as is_best_by_worth,
    'worth ' || cast(ranked.worth_amount as {{ dbt.type_string() }}) || ': '
    || coalesce(
        'asking adds ' || cast(cast({{ rounded('ranked.uplift * 100', 1) }} as decimal(9, 1)) as {{ dbt.type_string() }})
        || ' points to its chance of an order, ', ''
    ) || 'taken by '
    || cast(cast({{ rounded('ranked.acceptance_chance * 100', 1) }} as decimal(9, 1)) as {{ dbt.type_string() }})
    || ' % of lines, '
    || cast(ranked.value_at_stake_amount as {{ dbt.type_string() }}) || ' at stake, '
    || cast(ranked.gift_cost_amount as {{ dbt.type_string() }}) || ' for the gift, '
    || cast(ranked.contact_cost_amount as {{ dbt.type_string() }}) || ' to put it' as worth_reason
from ranked
inner join {{ ref('tags_contact') }} as contact on ranked.subscriber_id = contact.subscriber_id
inner join {{ ref('tags_marketing') }} as campaigns on ranked.subscriber_id = campaigns.subscriber_id
