-- How much each line is used among all lines of the month: the mean of its percent ranks by kinds of use. A kind that no line of
-- the month used, for its source never came, is left out. Only months that changed are built.
{{ config(access='private', meta={'public': false}) }}
{% set to_build = built_by_month('value_month_sources') %}
{% set kinds = ['calls_3m', 'mou_3m', 'messages_3m', 'dou_3m', 'services_running'] %}
with

used as (

    select
        scored.month,
        scored.subscriber_id,
        scored.calls_3m,
        scored.mou_3m,
        scored.messages_3m,
        scored.dou_3m,
        coalesce(services.services_running, 0) as services_running
    from {{ ref('fct_value_months') }} as scored
    left join {{ ref('int_revenue__services_running') }} as services
        on scored.subscriber_id = services.subscriber_id
        and scored.month = services.month
        and {{ in_months('services.month', to_build) }}
    where {{ in_months('scored.month', to_build) }}

),

ranked as (

    select
        used.month,
        used.subscriber_id
        {%- for kind in kinds %},
        case when {{ kind }}_rank.greatest_value > 0 then coalesce({{ kind }}_rank.percent_rank, 0) end as {{ kind }}_rank
        {%- endfor %}
    from used
    {%- for kind in kinds %}
    {{ join_percent_rank('used', kind ~ '_rank', kind) }}
    {%- endfor %}

),

scored as (

    select
        month,
        subscriber_id,
        cast(coalesce({{ rounded(ratio(
            '100 * (coalesce(' ~ kinds | join('_rank, 0) + coalesce(') ~ '_rank, 0))',
            'case when ' ~ kinds | join('_rank is null then 0 else 1 end + case when ') ~ '_rank is null then 0 else 1 end'
        ), 6) }}, 0) as decimal(9, 6)) as activity_score
    from ranked

)

select
    scored.*,
    sources.source_fingerprint
from scored
inner join {{ ref('value_month_sources') }} as sources on scored.month = sources.month
