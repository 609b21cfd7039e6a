-- How each line paid in the last six complete months, by channel.
select
    subscriber_id,
    payment_channel,
    cast(sum(case when month >= {{ last_complete_month(-2) }} then payment_count else 0 end) as bigint) as payments_3m,
    cast(sum(payment_count) as bigint) as payments_6m,
    cast(sum(paid_amount) as decimal(18, 2)) as paid_amount_6m,
    max(last_paid_date) as last_paid_date
from {{ ref('int_revenue__payments_by_channel') }}
where month between {{ last_complete_month(-5) }} and {{ last_complete_month() }}
    and month >= {{ first_month_of_last(6) }}
group by subscriber_id, payment_channel
