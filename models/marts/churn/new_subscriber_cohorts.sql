-- New lines by activation month: how many are still on-net, and how many have topped up, at the end of each month since.
with

months as (

    select month, last_day from {{ ref('int_subscribers__months_held') }}
    where is_complete_month

),

new_lines as (

    select
        lines.subscriber_id,
        months.month as activation_month,
        payments.first_paid_date
    from {{ ref('dim_subscribers') }} as lines
    inner join months on {{ month_of('lines.activation_date') }} = months.month
    left join {{ ref('int_revenue__payment_dates') }} as payments on lines.subscriber_id = payments.subscriber_id

),

followed as (

    select
        new_lines.activation_month,
        {{ dbt.datediff('new_lines.activation_month', 'months.month', 'month') }} as months_since,
        coalesce(facts.is_on_net_end, false) as is_surviving,
        coalesce(new_lines.first_paid_date <= months.last_day, false) as has_topped_up
    from new_lines
    inner join months on new_lines.activation_month <= months.month
    left join {{ ref('fct_subscriber_months') }} as facts
        on new_lines.subscriber_id = facts.subscriber_id
        and months.month = facts.month

)

select
    activation_month,
    cast(months_since as integer) as months_since,
    cast(count(*) as bigint) as activated,
    cast(sum(case when is_surviving then 1 else 0 end) as bigint) as surviving,
    cast(sum(case when is_surviving then 1 else 0 end) / count(*) as double) as survival_rate,
    cast(sum(case when has_topped_up then 1 else 0 end) / count(*) as double) as topped_up_share
from followed
group by activation_month, months_since
