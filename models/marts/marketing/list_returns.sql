-- What each run of a list cost and what it brought. Costs are those of the members exported; what it brought is the difference to
-- those held back, over all exported.
with

effect as (

    select * from {{ ref('list_effect') }}

),

runs as (

    select * from {{ ref('target_list_runs') }}

),

spent as (

    select
        members.list_name,
        members.run_date,
        sum(members.contacts) as contacts,
        sum({{ contact_cost('members') }}) as contact_cost_amount,
        sum({{ gift_cost('members') }}) as gift_cost_amount,
        {{ ratio('sum(months.arpu_amount)', 'count(months.arpu_amount)') }} as monthly_revenue
    from {{ ref('list_member_outcomes') }} as members
    left join {{ ref('channel_costs') }} as channels on members.channel = channels.channel
    left join {{ ref('offer_chances') }} as offers on members.offer_code = offers.offer_code
    left join {{ ref('fct_subscriber_months') }} as months
        on members.subscriber_id = months.subscriber_id
        and members.features_month = months.month
    where members.arm = 'treated'
    group by members.list_name, members.run_date

),

brought as (

    select
        effect.list_name,
        effect.run_date,
        effect.channel,
        runs.offer_code,
        runs.purpose,
        effect.targeted_treated,
        cast(coalesce(spent.contacts, 0) as bigint) as contacts,
        cast(coalesce(spent.contact_cost_amount, 0) as decimal(18, 2)) as contact_cost_amount,
        cast(coalesce(spent.gift_cost_amount, 0) as decimal(18, 2)) as gift_cost_amount,
        cast(coalesce(spent.contact_cost_amount, 0) + coalesce(spent.gift_cost_amount, 0) as decimal(18, 2)) as cost_amount,
        effect.uplift * effect.targeted_treated as orders_gained,
        effect.retention_uplift * effect.targeted_treated as lines_saved,
        cast({{ rounded('spent.monthly_revenue', 2) }} as decimal(18, 2)) as monthly_revenue_amount
    from effect
    left join runs on effect.list_name = runs.list_name and effect.run_date = runs.run_date
    left join spent on effect.list_name = spent.list_name and effect.run_date = spent.run_date

)

select
    *,
    case
        when lines_saved > 0
            then cast({{ rounded('cast(cost_amount as double) / lines_saved', 2) }} as decimal(18, 2))
    end as cost_per_line_saved_amount,
    cast({{ rounded(
        'lines_saved * cast(monthly_revenue_amount as double) * ' ~ rule('effect_rules', 'return_months')
        ~ ' - cast(cost_amount as double)', 2
    ) }} as decimal(18, 2)) as return_amount
from brought
