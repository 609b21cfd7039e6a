-- The base of every churn rate at the end of the last complete month: lines on-net then, and lines that churned in the three
-- months before, which are one period: out in the first and back in the third is not churned. Attributes of a churner are those
-- at its churn date, of the others those at the month's end.
{% set period_end = month_end(last_complete_month()) %}
with

held as (

    select min(month) as first_month
    from {{ ref('int_subscribers__months_held') }}
    where month between {{ last_complete_month(-2) }} and {{ last_complete_month() }}

),

stays as (

    select stays.*
    from {{ ref('int_subscribers__stays') }} as stays
    cross join held
    where stays.from_date <= {{ period_end }}
        and (stays.to_date is null or stays.to_date > {{ period_end }})
        and (stays.is_on_net or stays.from_date >= held.first_month)

),

dated as (

    select
        states.subscriber_id,
        not stays.is_on_net as is_churned,
        case when stays.is_on_net then {{ period_end }} else stays.from_date end as state_date,
        states.activation_date,
        states.brand_code,
        states.number_class,
        states.region_code,
        states.county_code
    from stays
    inner join {{ ref('int_subscribers__present_state') }} as states on stays.subscriber_id = states.subscriber_id

),

aged as (

    select
        *,
        cast({{ tenure_months('activation_date', 'state_date') }} as integer) as tenure_months,
        case when state_date = {{ month_end(month_of('state_date')) }} then {{ month_of('state_date') }}
            else cast({{ dbt.dateadd('month', -1, month_of('state_date')) }} as date)
        end as last_month
    from dated

),

joined as (

    select
        aged.subscriber_id,
        aged.is_churned,
        aged.state_date,
        aged.tenure_months,
        tenure_bands.band as tenure_band,
        averages.arpu_3m,
        averages.arpu_band,
        plans.plan_code,
        aged.brand_code,
        aged.number_class,
        aged.region_code,
        aged.county_code
    from aged
    left join {{ bands('tenure_bands') }} as tenure_bands
        on {{ in_band('aged.tenure_months', 'tenure_bands') }}
    left join {{ ref('fct_subscriber_averages') }} as averages
        on aged.subscriber_id = averages.subscriber_id
        and aged.last_month = averages.month
    left join {{ ref('int_subscribers__plan_periods') }} as plans
        on aged.subscriber_id = plans.subscriber_id
        and plans.start_date <= aged.state_date
        and (plans.next_start_date is null or plans.next_start_date > aged.state_date)

)

select * from joined
