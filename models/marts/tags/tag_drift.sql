-- How the spread of each tag moved against the business dates before, by the population stability index: the sum over its values
-- of (share now - share before) x ln(share now / share before). Before is the mean of the last dates on which it was counted.
with

coverage as (

    select * from {{ ref('tag_coverage') }}

),

-- The business date is the first.
dates as (

    select
        as_of_date,
        row_number() over (order by as_of_date desc) as place
    from coverage
    group by as_of_date

),

shares as (

    select
        coverage.entity,
        coverage.tag_name,
        coverage.value,
        coverage.as_of_date,
        case when dates.place = 1 then coverage.members end as members_now,
        case when dates.place = 1 then coverage.share else 0 end as share_now,
        case when dates.place > 1 then coverage.share else 0 end as share_before
    from coverage
    inner join dates on coverage.as_of_date = dates.as_of_date
    where dates.place <= {{ rule('tag_rules', 'drift_dates') }} + 1

),

totals as (

    select
        entity,
        tag_name,
        count(distinct as_of_date) - 1 as dates_before,
        sum(members_now) as members
    from shares
    group by entity, tag_name
    having count(distinct as_of_date) > 1 and max(as_of_date) = {{ as_of_date() }}

),

-- A value that a date lacks had nobody on it; a share of 0 would make the index endless.
floors as (

    select cast({{ rule('tag_rules', 'drift_floor_share') }} as double) as least_share

),

compared as (

    select
        totals.entity,
        totals.tag_name,
        totals.dates_before,
        totals.members,
        shares.value,
        sum(shares.share_now) as share_now,
        sum(shares.share_before) / totals.dates_before as share_before
    from totals
    inner join shares on totals.entity = shares.entity and totals.tag_name = shares.tag_name
    group by totals.entity, totals.tag_name, totals.dates_before, totals.members, shares.value

),

ranked as (

    select
        compared.*,
        (greatest(share_now, floors.least_share) - greatest(share_before, floors.least_share))
        * ln(greatest(share_now, floors.least_share) / greatest(share_before, floors.least_share)) as term,
        row_number() over (
            partition by entity, tag_name order by {{ rounded('abs(share_now - share_before)', 9) }} desc, value asc
        ) as place
    from compared
    cross join floors

),

summed as (

    select
        entity,
        tag_name,
        dates_before,
        members,
        {{ rounded('sum(term)', 6) }} as stability_index,
        max(case when place = 1 then value end) as moved_value,
        max(case when place = 1 then share_before end) as moved_share_before,
        max(case when place = 1 then share_now end) as moved_share
    from ranked
    group by entity, tag_name, dates_before, members

)

select
    summed.entity,
    summed.tag_name,
    tags.owner,
    tags.severity,
    cast(summed.dates_before as bigint) as dates_before,
    cast(summed.members as bigint) as members,
    cast(summed.stability_index as double) as stability_index,
    summed.moved_value,
    cast({{ rounded('summed.moved_share_before', 6) }} as double) as moved_share_before,
    cast({{ rounded('summed.moved_share', 6) }} as double) as moved_share,
    summed.members >= {{ rule('tag_rules', 'drift_least_members') }}
    and summed.stability_index >= {{ rule('tag_rules', 'drift_index') }} as has_drifted
from summed
inner join {{ ref('tag_catalog') }} as tags on summed.entity = tags.entity and summed.tag_name = tags.tag_name
