-- How the spread of each tag moved against the business dates before, by the population stability index: the sum over its values
-- of (share now - share before) x ln(share now / share before). Before is the mean of the last dates on which it was counted.
{% set floor = rule('tag_rules', 'drift_floor_share') %}
with

coverage as (

    select * from {{ ref('tag_coverage') }}

),

dates as (

    select
        as_of_date,
        row_number() over (order by as_of_date desc) as dates_ago
    from coverage
    where as_of_date < {{ as_of_date() }}
    group by as_of_date

),

earlier as (

    select coverage.*
    from coverage
    inner join dates on coverage.as_of_date = dates.as_of_date
    where dates.dates_ago <= {{ rule('tag_rules', 'drift_dates') }}

),

today as (

    select
        *,
        sum(members) over (partition by entity, tag_name) as tag_members
    from coverage
    where as_of_date = {{ as_of_date() }}

),

known as (

    select
        entity,
        tag_name,
        count(distinct as_of_date) as dates_before
    from earlier
    group by entity, tag_name

),

-- A value that a date lacks had nobody on it.
compared as (

    select
        known.entity,
        known.tag_name,
        known.dates_before,
        shares.value,
        sum(shares.share_now) as share_now,
        sum(shares.share_before) / known.dates_before as share_before,
        max(shares.tag_members) as tag_members
    from known
    inner join (
        select entity, tag_name, value, share as share_now, cast(0 as double) as share_before, tag_members from today
        union all
        select entity, tag_name, value, cast(0 as double) as share_now, share as share_before, null as tag_members from earlier
    ) as shares
        on known.entity = shares.entity
        and known.tag_name = shares.tag_name
    group by known.entity, known.tag_name, known.dates_before, shares.value

),

ranked as (

    select
        *,
        (greatest(share_now, floors.least_share) - greatest(share_before, floors.least_share))
        * ln(greatest(share_now, floors.least_share) / greatest(share_before, floors.least_share)) as term,
        row_number() over (
            partition by entity, tag_name order by {{ rounded('abs(share_now - share_before)', 9) }} desc, value asc
        ) as place
    from compared
    cross join (select cast({{ floor }} as double) as least_share) as floors

),

summed as (

    select
        entity,
        tag_name,
        max(dates_before) as dates_before,
        max(tag_members) as members,
        sum(term) as term_sum,
        max(case when place = 1 then value end) as moved_value,
        max(case when place = 1 then share_before end) as moved_share_before,
        max(case when place = 1 then share_now end) as moved_share
    from ranked
    group by entity, tag_name
    having max(tag_members) is not null

)

select
    summed.entity,
    summed.tag_name,
    tags.owner,
    cast(summed.dates_before as bigint) as dates_before,
    cast(summed.members as bigint) as members,
    cast({{ rounded('summed.term_sum', 6) }} as double) as stability_index,
    summed.moved_value,
    cast({{ rounded('summed.moved_share_before', 6) }} as double) as moved_share_before,
    cast({{ rounded('summed.moved_share', 6) }} as double) as moved_share,
    summed.members >= {{ rule('tag_rules', 'drift_least_members') }}
    and {{ rounded('summed.term_sum', 6) }} >= {{ rule('tag_rules', 'drift_index') }} as has_drifted
from summed
inner join {{ ref('tag_catalog') }} as tags on summed.entity = tags.entity and summed.tag_name = tags.tag_name
