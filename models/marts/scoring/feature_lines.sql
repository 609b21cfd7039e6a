-- Whose features each month keeps: every line's at the end of the last complete month, which is scored; of each month before it
-- as many lines as models learn from, told by a hash, and whom lists took or held back in the month after it, for uplift.
{{ config(access='private', meta={'public': false}) }}
{% set draw = hash_share('features', 'lines.subscriber_id') %}
with

lines as (

    select subscriber_id, month
    from {{ ref('fct_subscriber_months') }}
    where is_on_net_end and is_complete_month

),

sizes as (

    select
        month,
        count(*) as lines_of_month
    from lines
    group by month

),

listed as (

    select distinct
        subscriber_id,
        cast({{ dbt.dateadd('month', -1, month_of('run_date')) }} as date) as month
    from {{ ref('stg_ledger__list_members') }}
    where arm in ('treated', 'control')

),

drawn as (

    select
        lines.subscriber_id,
        lines.month,
        {{ draw }} < {{ rule('scoring_rules', 'feature_lines') }} / sizes.lines_of_month as is_sampled,
        listed.subscriber_id is not null as is_listed
    from lines
    inner join sizes on lines.month = sizes.month
    left join listed on lines.subscriber_id = listed.subscriber_id and lines.month = listed.month

)

select
    subscriber_id,
    month,
    is_sampled
from drawn
where is_sampled or is_listed or month = {{ last_complete_month() }}
