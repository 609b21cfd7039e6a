-- State, tenure and plan are those of the month's last day, the as-of date in the running month; tenure stops at the churn date.
-- Bills are asked of lines that left alone: all charges need not be grouped.
with

subscribers as (

    select * from {{ ref('int_subscribers__present_state') }}

),

months as (

    select * from {{ ref('int_subscribers__months_held') }}

),

billed_after_churn as (

    select distinct
        charges.subscriber_id,
        charges.bill_month as month
    from {{ ref('stg_billing__charges') }} as charges
    inner join subscribers
        on charges.subscriber_id = subscribers.subscriber_id
        and charges.bill_month > subscribers.state_date

),

spine as (

    select
        subscribers.subscriber_id,
        subscribers.activation_date,
        subscribers.state_date,
        months.month,
        months.last_day,
        months.is_complete_month,
        false as is_after_churn
    from subscribers
    inner join months
        on {{ month_of('subscribers.activation_date') }} <= months.month
        and subscribers.state_date >= months.month

    union all

    -- Final bills trail a termination. They keep their place here, so that money adds up, and enter no other figure.
    select
        subscribers.subscriber_id,
        subscribers.activation_date,
        subscribers.state_date,
        months.month,
        months.last_day,
        months.is_complete_month,
        true as is_after_churn
    from subscribers
    inner join billed_after_churn on subscribers.subscriber_id = billed_after_churn.subscriber_id
    inner join months on billed_after_churn.month = months.month

),

stated as (

    select
        spine.*,
        closing.is_on_net as is_on_net_end,
        closing.from_date as closing_from_date,
        coalesce(opening.is_on_net, false) as is_on_net_opening,
        {{ month_of('spine.activation_date') }} = spine.month as is_new
    from spine
    inner join {{ ref('int_subscribers__stays') }} as closing
        on spine.subscriber_id = closing.subscriber_id
        and closing.from_date <= spine.last_day
        and closing.to_date > spine.last_day
    -- The day before the month; a line activated in the month has none.
    left join {{ ref('int_subscribers__stays') }} as opening
        on spine.subscriber_id = opening.subscriber_id
        and opening.from_date < spine.month
        and opening.to_date >= spine.month

),

flagged as (

    select
        *,
        not is_on_net_end and closing_from_date >= month as is_churned,
        -- Off at the end since a day after the first: the day before that was on, unless the line never was.
        is_on_net_end or (closing_from_date > month and closing_from_date > activation_date) as was_on_net,
        cast({{ tenure_months('activation_date', 'least(last_day, state_date)') }} as integer) as tenure_months
    from stated

),

planned as (

    select
        flagged.subscriber_id,
        flagged.month,
        flagged.is_complete_month,
        flagged.is_after_churn,
        flagged.is_on_net_opening,
        flagged.is_on_net_end,
        flagged.was_on_net,
        flagged.is_new,
        not flagged.is_new and not flagged.is_on_net_opening and flagged.was_on_net as is_reinstated,
        flagged.is_churned,
        flagged.tenure_months,
        tenure_bands.band as tenure_band,
        plans.plan_code
    from flagged
    left join {{ bands('tenure_bands') }} as tenure_bands
        on {{ in_band('flagged.tenure_months', 'tenure_bands') }}
    left join {{ ref('int_subscribers__plan_periods') }} as plans
        on flagged.subscriber_id = plans.subscriber_id
        and plans.start_date <= flagged.last_day
        and plans.next_start_date > flagged.last_day

)

select * from planned
