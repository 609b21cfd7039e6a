-- Churn over the last three complete months by group, the one that a line showed at its churn date or at the period's end; and
-- what the group brings, how its use moved, and whether it lost key persons.
with

lines as (

    select * from {{ ref('churn_attributes') }}

),

used as (

    select
        subscriber_id
        {%- for use in ['mou_minutes', 'dou_mb'] %},
        sum(case when month >= {{ last_complete_month(-2) }} then {{ use }} else 0 end) as {{ use }}_now,
        sum(case when month < {{ last_complete_month(-2) }} then {{ use }} else 0 end) as {{ use }}_before
        {%- endfor %}
    from {{ ref('fct_subscriber_months') }}
    where month between {{ last_complete_month(-5) }} and {{ last_complete_month() }} and not is_after_churn
    group by subscriber_id

),

money as (

    select
        facts.subscriber_id,
        facts.arpu_amount,
        averages.realised_value
    from {{ ref('fct_subscriber_months') }} as facts
    left join {{ ref('fct_subscriber_averages') }} as averages
        on facts.subscriber_id = averages.subscriber_id
        and facts.month = averages.month
    where facts.month = {{ last_billed_month() }} and not facts.is_after_churn

),

summed as (

    select
        lines.group_id,
        sum(case when not lines.is_churned then money.arpu_amount else 0 end) as revenue_amount,
        sum(case when not lines.is_churned then money.realised_value else 0 end) as realised_value,
        {%- for use in ['mou_minutes', 'dou_mb'] %}
        sum(used.{{ use }}_now) as {{ use }}_now,
        sum(used.{{ use }}_before) as {{ use }}_before,
        {%- endfor %}
        sum(case when lines.is_key_person and not lines.is_churned then 1 else 0 end) as key_persons,
        sum(case when lines.is_key_person and lines.is_churned then 1 else 0 end) as key_persons_lost
    from lines
    left join used on lines.subscriber_id = used.subscriber_id
    left join money on lines.subscriber_id = money.subscriber_id
    group by lines.group_id

)

select
    rates.value as group_id,
    rates.churned,
    rates.on_net_end,
    rates.churn_rate,
    {{ ratio('rates.churned', 'sum(rates.churned) over ()') }} as churned_share,
    cast(coalesce(summed.revenue_amount, 0) as decimal(18, 2)) as revenue_amount,
    {{ ratio('coalesce(summed.revenue_amount, 0)', 'sum(summed.revenue_amount) over ()') }} as revenue_share,
    cast(coalesce(summed.realised_value, 0) as decimal(18, 2)) as realised_value,
    {%- for use, trend in {'mou_minutes': 'mou_trend', 'dou_mb': 'dou_trend'}.items() %}
    case when summed.{{ use }}_before > 0 and {{ first_month_of_last(6) }} = {{ last_complete_month(-5) }}
        then cast({{ rounded(ratio('summed.' ~ use ~ '_now', 'summed.' ~ use ~ '_before') ~ ' - 1', 6) }} as decimal(18, 6))
    end as {{ trend }},
    {%- endfor %}
    cast(summed.key_persons as bigint) as key_persons,
    cast(summed.key_persons_lost as bigint) as key_persons_lost
from {{ ref('churn_rates') }} as rates
inner join summed on rates.value = summed.group_id
where rates.grouped_by = 'group_id'
