-- What became of each line in the two months after each month's end at which it was on-net: did it lose value? Only months whose
-- two following ones are complete and billed are known.
{{ config(materialized='view', access='private', meta={'public': false}) }}
with

months as (

    select
        month,
        lead(is_complete_month and is_billed, 2, false) over (order by month) as is_known
    from {{ ref('dim_months') }}

),

lines as (

    select
        subscriber_id,
        month,
        is_on_net_end,
        arpu_amount,
        sum(arpu_amount) over three_before as spend_before,
        count(*) over three_before as months_before
    from {{ ref('fct_subscriber_months') }}
    where not is_after_churn
    window three_before as (partition by subscriber_id order by month rows between 3 preceding and 1 preceding)

),

judged as (

    select
        subscriber_id,
        month,
        is_on_net_end,
        coalesce(
            months_before = 3 and spend_before > 0
            and arpu_amount * 3 < {{ rule('scoring_rules', 'value_loss_share') }} * spend_before, false
        ) as is_value_loss_month
    from lines

),

followed as (

    select
        subscriber_id,
        month,
        is_on_net_end,
        lead(is_value_loss_month, 1, false) over by_month as is_lost_next,
        lead(is_value_loss_month, 2, false) over by_month as is_lost_after,
        lead(is_on_net_end, 2, false) over by_month as stays
    from judged
    window by_month as (partition by subscriber_id order by month)

)

select
    followed.subscriber_id,
    followed.month,
    coalesce(worth.is_mid_high_end, false) as is_mid_high_end,
    not followed.stays as is_churned,
    not followed.stays or followed.is_lost_next and followed.is_lost_after as is_value_lost
from followed
inner join months on followed.month = months.month
left join {{ ref('fct_value_months') }} as worth
    on followed.subscriber_id = worth.subscriber_id
    and followed.month = worth.month
where followed.is_on_net_end and months.is_known
