-- Lines of the churn base at the end of the last complete month with the attributes that rates go by: those of a churner at its
-- churn date, of the others at the month's end; brand, number and region as the register has them. A null is a cell of its own.
{{ config(materialized='view', access='private', meta={'public': false}) }}
with

base as (

    select * from {{ ref('fct_churn_base') }}
    where month = {{ last_complete_month() }}

),

-- The group that a line showed on the day.
shown as (

    select
        base.subscriber_id,
        memberships.group_id
    from base
    inner join {{ ref('int_subscribers__memberships') }} as memberships
        on base.subscriber_id = memberships.subscriber_id
        and memberships.joined_on <= base.state_date
        and memberships.left_on > base.state_date
    qualify row_number() over (partition by base.subscriber_id order by memberships.show_order) = 1

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
    {{ offnet_band('base.offnet_share_3m') }} as offnet_band
from base
inner join {{ ref('dim_subscribers') }} as lines on base.subscriber_id = lines.subscriber_id
left join shown on base.subscriber_id = shown.subscriber_id
