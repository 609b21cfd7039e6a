-- In what order managers of a region are given lines. Dealt one by one to whoever holds the fewest (ties by manager_id), lines
-- raise the lowest loads level by level: while the k managers with the lowest loads are level, every k lines give each of them
-- one more, in order of their ids. So the manager of the n-th line is known without dealing: it is dealt in the stage k with
-- dealt_before < n <= dealt_until, to the manager whose place is (n - dealt_before - 1) modulo k.
{{ config(materialized='view') }}
with

held as (

    select
        manager_id,
        count(*) as lines_held
    from {{ ref('dim_subscribers') }}
    where is_on_net and manager_id is not null
    group by manager_id

),

managers as (

    select
        managers.manager_id,
        managers.region_code,
        coalesce(held.lines_held, 0) as lines_held,
        row_number() over (
            partition by managers.region_code order by coalesce(held.lines_held, 0), managers.manager_id
        ) as stage
    from {{ ref('dim_managers') }} as managers
    left join held on managers.manager_id = held.manager_id
    where managers.region_code is not null

),

-- Lines that bring the first k - 1 managers to the load of the k-th, who then joins in.
joining as (

    select
        *,
        stage * lines_held - sum(lines_held) over (partition by region_code order by stage) as dealt_before
    from managers

),

stages as (

    select
        *,
        lead(dealt_before) over (partition by region_code order by stage) as dealt_until
    from joining

)

select
    stages.region_code,
    cast(stages.stage as bigint) as stage,
    cast(row_number() over (partition by stages.region_code, stages.stage order by managers.manager_id) - 1 as bigint) as place,
    managers.manager_id,
    cast(stages.dealt_before as bigint) as dealt_before,
    cast(stages.dealt_until as bigint) as dealt_until
from stages
inner join managers
    on stages.region_code = managers.region_code
    and stages.stage >= managers.stage
where stages.dealt_until is null or stages.dealt_until > stages.dealt_before
