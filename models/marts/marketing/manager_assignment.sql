-- Which manager each line has or is to get. A line keeps its manager. A line of the high class, or one that came to the
-- mid/high-end in the last billed month, gets one of its region where it has none, loads as even as can be (manager_turns).
with

lines as (

    select
        lines.subscriber_id,
        lines.region_code,
        lines.manager_id,
        coalesce(worth.value_class = 'high', false) as is_high_class,
        coalesce(worth.is_mid_high_end, false) and not coalesce(before.is_mid_high_end, false) as is_new_mid_high_end
    from {{ ref('dim_subscribers') }} as lines
    left join {{ ref('subscriber_value') }} as worth on lines.subscriber_id = worth.subscriber_id
    left join {{ ref('subscriber_value_months') }} as before
        on lines.subscriber_id = before.subscriber_id
        and before.month = {{ last_billed_month(-1) }}
    where lines.is_on_net

),

waiting as (

    select
        *,
        row_number() over (partition by region_code order by subscriber_id) as turn
    from lines
    where manager_id is null and (is_high_class or is_new_mid_high_end)

),

assigned as (

    select
        waiting.subscriber_id,
        turns.manager_id
    from waiting
    inner join {{ ref('manager_turns') }} as turns
        on waiting.region_code = turns.region_code
        and waiting.turn > turns.dealt_before
        and (turns.dealt_until is null or waiting.turn <= turns.dealt_until)
        and (waiting.turn - turns.dealt_before - 1) % turns.stage = turns.place

)

select
    lines.subscriber_id,
    coalesce(lines.manager_id, assigned.manager_id) as manager_id,
    assigned.manager_id is not null as is_new_assignment,
    case
        when lines.manager_id is not null then 'held'
        when assigned.manager_id is null then 'no_manager_in_region'
        when lines.is_high_class then 'high_class'
        else 'new_mid_high_end'
    end as reason
from lines
left join assigned on lines.subscriber_id = assigned.subscriber_id
where lines.manager_id is not null or lines.is_high_class or lines.is_new_mid_high_end
