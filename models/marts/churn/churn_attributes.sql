-- Lines of the churn base at the end of the last complete month with the attributes that rates go by: those of a churner at its
-- churn date, of the others at the month's end; brand, number and region as the register has them. A null is a cell of its own.
{{ config(access='private', meta={'public': false}) }}
with

base as (

    select * from {{ ref('fct_churn_base') }}
    where month = {{ last_complete_month() }}

),

-- The group that a line showed on the day.
shown as (

    select
        base.subscriber_id,
        memberships.group_id,
        memberships.member_role
    from base
    inner join {{ ref('int_subscribers__memberships') }} as memberships
        on base.subscriber_id = memberships.subscriber_id
        and memberships.joined_on <= base.state_date
        and memberships.left_on > base.state_date
    qualify row_number() over (partition by base.subscriber_id order by memberships.show_order) = 1

),

-- By the points of the last calendar year that had ended by the day.
levels as (

    select
        base.subscriber_id,
        bands.band as vip_level
    from base
    inner join {{ ref('fct_loyalty_points') }} as loyalty
        on base.subscriber_id = loyalty.subscriber_id
        and extract(year from {{ dbt.dateadd('day', 1, 'base.state_date') }}) - 1 = loyalty.points_year
    inner join {{ bands('vip_levels') }} as bands on {{ in_band('loyalty.points_earned', 'bands') }}

),

balances as (

    select
        base.subscriber_id,
        bands.band as balance_band
    from base
    inner join {{ ref('fct_subscriber_months') }} as facts
        on base.subscriber_id = facts.subscriber_id
        and base.last_month = facts.month
    inner join {{ bands('balance_bands') }} as bands on {{ in_band('facts.balance_amount', 'bands') }}

)

select
    base.subscriber_id,
    base.is_churned,
    coalesce(base.plan_code, 'unknown') as plan_code,
    coalesce(base.tenure_band, 'unknown') as tenure_band,
    coalesce(base.arpu_band, 'unknown') as arpu_band,
    coalesce(lines.region_code, 'unknown') as region_code,
    coalesce(shown.group_id, 'unknown') as group_id,
    coalesce(lines.brand_code, 'unknown') as brand_code,
    coalesce(lines.number_class, 'unknown') as number_class,
    {{ offnet_band('base.offnet_share_3m') }} as offnet_band,
    coalesce(cast(base.tenure_months as {{ dbt.type_string() }}), 'unknown') as tenure_months,
    coalesce(levels.vip_level, 'none') as vip_level,
    coalesce(balances.balance_band, 'unknown') as balance_band,
    coalesce(shown.member_role = 'key_person', false) as is_key_person
from base
inner join {{ ref('dim_subscribers') }} as lines on base.subscriber_id = lines.subscriber_id
left join shown on base.subscriber_id = shown.subscriber_id
left join levels on base.subscriber_id = levels.subscriber_id
left join balances on base.subscriber_id = balances.subscriber_id
