{# For each list without a random seed of its own the best of so many candidates: of those whose control has nearly the wished
   share the one whose arms differ least. A list that holds nobody back, or for whom nobody is left, gets none. #}
{% from "macros/arms.sql" import differences_ctes %}
with

pool as (

    select
        prioritised.*,
        lists.control_share,
        lists.row_limit,
        row_number() over (partition by prioritised.list_number order by prioritised.place) as rank
    from prioritised
    inner join lists on prioritised.list_number = lists.list_number
    where prioritised.reason is null and lists.salt is null and lists.control_share > 0

),

tried as (

    select
        (pool.list_number, candidates.candidate) as split,
        hash_share(concat(pool.list_name, '-', candidates.candidate), pool.subscriber_id) < pool.control_share as is_control,
        pool.region_code,
        pool.control_share
        {%- for number in balanced %},
        pool.{{ number }}
        {%- endfor %}
    from pool
    cross join range(1, {{ candidates + 1 }}) as candidates (candidate)
    where pool.row_limit is null or pool.rank <= pool.row_limit / (1 - pool.control_share)

),

{{ differences_ctes("tried", balanced) }},

-- lines by which the control misses the wished share, beyond what rounding and a little leeway allow
drawn as (

    select
        split,
        greatest(
            abs(sum(is_control::integer) - max(control_share) * count(*))
            - greatest(0.5, {{ leeway }} * max(control_share) * count(*)),
            0
        ) as beside
    from tried
    group by split

)

select
    differences.split[1] as list_number,
    differences.split[2] as candidate
from differences
inner join drawn on differences.split = drawn.split
group by differences.split, drawn.beside
qualify row_number() over (
    partition by differences.split[1]
    order by drawn.beside, max(abs(differences.difference)) nulls last, differences.split[2]
) = 1
