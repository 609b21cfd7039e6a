-- What the retention of the snapshot would be if fewer of its lines were lost for one reason.
{% set keys = ['region_code', 'county_code', 'manager_id'] %}
{% set levels = {
    'operator': [], 'region': ['region_code'], 'county': ['region_code', 'county_code'], 'manager': ['manager_id'], 'cell': keys
} %}
with

rates as (

    select * from {{ ref('scorecard') }}
    where measure = 'snapshot_retention' and month = {{ last_billed_month() }}

),

-- A line lost while on the network is lost by its low months.
lost as (

    select
        {%- for key in keys %}
        members.{{ key }},
        {%- endfor %}
        case when stays.is_on_net then 'low_use' else coalesce(stays.reason_code, 'unknown') end as reason_code
    from {{ ref('snapshot_members') }} as members
    left join {{ ref('fct_stays') }} as stays
        on members.subscriber_id = stays.subscriber_id
        and {{ month_end('members.month') }} >= stays.from_date
        and {{ month_end('members.month') }} < stays.to_date
    where members.is_snapshot and members.is_lost and members.month = {{ last_billed_month() }}

),

counted as (

    {% for level, own in levels.items() %}
    select
        '{{ level }}' as level,
        {%- for key in keys %}
        {{ key if key in own else "'all'" }} as {{ key }},
        {%- endfor %}
        reason_code,
        count(*) as lost
    from lost
    group by {% for key in own %}{{ key }}, {% endfor %}reason_code
    {{ "union all" if not loop.last }}
    {% endfor %}

),

cut as (

    select
        rates.month,
        rates.level,
        {%- for key in keys %}
        rates.{{ key }},
        {%- endfor %}
        counted.reason_code,
        cuts.cut_share,
        rates.denominator as members,
        rates.denominator - rates.numerator as lost,
        counted.lost as lost_for_reason,
        rates.actual,
        rates.target,
        counted.lost * cuts.cut_share as saved,
        {{ ratio('rates.numerator + counted.lost * cuts.cut_share', 'rates.denominator') }} as rate_reached
    from rates
    inner join counted
        on rates.level = counted.level
        {%- for key in keys %}
        and rates.{{ key }} = counted.{{ key }}
        {%- endfor %}
    cross join {{ ref('what_if_cuts') }} as cuts

)

select
    month,
    level,
    {%- for key in keys %}
    {{ key }},
    {%- endfor %}
    reason_code,
    cast(cut_share as double) as cut_share,
    cast(members as bigint) as members,
    cast(lost as bigint) as lost,
    cast(lost_for_reason as bigint) as lost_for_reason,
    cast(saved as double) as saved,
    actual,
    rate_reached,
    rate_reached - actual as gain,
    target,
    {{ comparable('rate_reached') }} >= {{ comparable('target') }} as is_target_reached
from cut
