"""What follows from the matches of a run's lists: who of several lists gets a line, who is held back, where a limit cuts.

SQL on the run's own DuckDB connection, one statement for all lists, so that both engines decide alike. Expected there are the
tables `matches` (see matching.matches_sql), `lists` (LISTS) and those that `lay_scope` lays.
"""

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from orchestration.targeting.matching import BALANCED, HELD_OUT, KEPT

LISTS = "list_number integer, list_name varchar, is_decided boolean, control_share double, salt varchar, row_limit bigint"
"""Columns of `lists`; numbers are in the order of precedence: the first of several lists gets a line."""

CANDIDATES = 100
"""Salts that are tried for a list which has none."""

LEEWAY = 0.05
"""Share of the wished control by which a drawn one may miss it."""

_SMALL = 6  # decimals that a difference is told with: the order in which rows are added up must not choose


def lay_scope(
    connection: duckdb.DuckDBPyConnection,
    named: Iterable[tuple[int, str, int | None, bool]],
    earlier: pa.Table,
    taken: pa.Table,
    before: pa.Table,
) -> None:
    """Lays the tables `named` (what lists include or exclude by name: list_number, the other's name, its number among the matches
    or None, whether included), `earlier` (whom the last run of those exported), `taken` (whom other lists have on this run
    date already) and `before` (whom earlier runs of a list had that may not be on it again), of list_name and subscriber_id."""
    connection.execute(
        "create or replace temp table named (list_number integer, other varchar, other_number integer, is_included boolean)"
    )
    for row in named:
        connection.execute("insert into named values (?, ?, ?, ?)", row)
    for table, given in (("earlier", earlier), ("taken", taken), ("before", before)):
        connection.register("given", given)
        connection.execute(f"create or replace temp table {table} as select list_name, subscriber_id from given")
        connection.unregister("given")


TAKEN_BY_PHONE = """
    insert into taken
    select distinct taken.list_name, twins.subscriber_id
    from taken
    inner join shared_phones as mine on taken.subscriber_id = mine.subscriber_id
    inner join shared_phones as twins on mine.phone_key = twins.phone_key and mine.subscriber_id <> twins.subscriber_id
"""
"""A phone is on one list a day, also where another line has it since: needs `shared_phones` (see reach.shared_phones_sql)."""

ARBITRATED = f"""
    create or replace temp table arbitrated as
    with

    included as (
        select named.list_number, earlier.subscriber_id
        from named inner join earlier on named.other = earlier.list_name
        where named.is_included
    ),

    excluded as (
        select named.list_number, earlier.subscriber_id
        from named inner join earlier on named.other = earlier.list_name
        where not named.is_included
        union
        select named.list_number, matches.subscriber_id
        from named inner join matches on named.other_number = matches.list_number
        where not named.is_included
    ),

    audience as (
        select
            matches.* exclude (reason), lists.list_name,
            coalesce(matches.reason, case when before.subscriber_id is not null then 'on_list_before' end) as reason
        from matches
        inner join lists on matches.list_number = lists.list_number and lists.is_decided
        left join (select distinct list_name, subscriber_id from before) as before
            on lists.list_name = before.list_name and matches.subscriber_id = before.subscriber_id
        where (
            matches.list_number not in (select list_number from named where is_included)
            or (matches.list_number, matches.subscriber_id) in (select (list_number, subscriber_id) from included)
        )
        and (matches.list_number, matches.subscriber_id) not in (select (list_number, subscriber_id) from excluded)
    ),

    placed as (
        select
            *,
            min(case when reason is null then list_number end) over (partition by subscriber_id) as winner
        from audience
    )

    select
        placed.* exclude (reason, winner),
        case
            when placed.reason is not null then placed.reason
            when taken.list_name is not null or winner.list_number <> placed.list_number then 'lost_to_priority'
            when placed.{HELD_OUT} then 'universal_control'
        end as reason,
        case when placed.reason is null then coalesce(taken.list_name, nullif(winner.list_name, placed.list_name)) end as lost_to
    from placed
    left join lists as winner on placed.winner = winner.list_number
    left join (select subscriber_id, min(list_name) as list_name from taken group by subscriber_id) as taken
        on placed.subscriber_id = taken.subscriber_id
"""
"""Who of several lists gets a line. One that another list has on this run date already is lost to it, whatever the priority."""

_IS_CONTROL = "hash_share({salt}, subscriber_id) < control_share"

MACRO = """
    create or replace temp macro hash_share(salt, key) as
    cast(cast(concat('0x', substr(md5(concat(salt, ':', key)), 1, 8)) as bigint) as double) / 4294967296
"""
"""Where a row falls between 0 and 1, as dbt's macro hash_share has it. It stands here once more because lists are decided without
dbt, on a connection of the run's own; a test holds the two equal."""

DECISIONS = f"""
    create or replace temp table decisions as
    with

    split as (
        select
            arbitrated.*,
            lists.row_limit,
            coalesce(arbitrated.reason, case when {_IS_CONTROL.format(salt="lists.salt")} then 'control' end) as step
        from arbitrated
        inner join lists on arbitrated.list_number = lists.list_number
    ),

    counted as (
        select *, sum(case when step is null then 1 else 0 end) over (partition by list_number order by place) as treated_to_here
        from split
    ),

    cut as (
        select
            * exclude (step, reason),
            -- control beyond the cut would be compared with nobody: the limit cuts both arms at one place
            case
                when step is null and treated_to_here > row_limit then 'over_limit'
                when step = 'control' and treated_to_here >= row_limit then 'over_limit'
                else step
            end as reason
        from counted
    )

    select
        list_number, list_name, subscriber_id, reason, lost_to, place, {", ".join((*KEPT, *BALANCED))},
        case when reason is null then 'treated' when reason in ('control', 'universal_control') then reason end as arm
    from cut
"""
"""Who is exported, and why the others are not."""


def candidate_salts(connection: duckdb.DuckDBPyConnection) -> dict[int, str]:
    """For each list of `lists` without a salt the best of CANDIDATES: of those whose control has nearly the wished share the one
    whose arms differ least.

    A list that holds nobody back, or whom nobody is left for, gets none: it is sought again when there is someone.
    """
    members = f"""
        with pool as (
            select
                arbitrated.*, lists.list_name, lists.control_share, lists.row_limit,
                row_number() over (partition by arbitrated.list_number order by arbitrated.place) as rank
            from arbitrated
            inner join lists on arbitrated.list_number = lists.list_number
            where arbitrated.reason is null and lists.salt is null and lists.control_share > 0
        )

        select
            (list_number, candidate) as split, {_IS_CONTROL.format(salt="concat(list_name, '-', candidate)")} as is_control,
            region_code, control_share, {", ".join(BALANCED)}
        from pool
        cross join range(1, {CANDIDATES + 1}) as candidates (candidate)
        where row_limit is null or rank <= row_limit / (1 - control_share)
    """
    best = connection.execute(f"""
        with

        differences as ({differences_sql(members)}),

        -- lines by which the control misses the wished share, beyond what rounding and a little leeway allow
        drawn as (
            select
                split,
                greatest(
                    abs(sum(is_control::integer) - max(control_share) * count(*))
                    - greatest(0.5, {LEEWAY} * max(control_share) * count(*)),
                    0
                ) as beside
            from ({members})
            group by split
        )

        select differences.split[1], differences.split[2]
        from differences
        inner join drawn on differences.split = drawn.split
        group by differences.split, drawn.beside
        qualify row_number() over (
            partition by differences.split[1]
            order by drawn.beside, max(abs(differences.difference)) nulls last, differences.split[2]
        ) = 1
    """).fetchall()
    names = dict(connection.execute("select list_number, list_name from lists").fetchall())
    return {number: f"{names[number]}-{candidate}" for number, candidate in best}


def balance(connection: duckdb.DuckDBPyConnection, number: int) -> list[dict]:
    """How the two arms of a list differ: covariate, treated and control (means or shares), difference (standardised)."""
    members = f"""
        select 1 as split, arm = 'control' as is_control, region_code, {", ".join(BALANCED)}
        from decisions
        where list_number = {number} and arm in ('treated', 'control')
    """
    names = ("covariate", "treated", "control", "difference")
    rows = connection.execute(f"select {', '.join(names)} from ({differences_sql(members)}) order by covariate").fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


def differences_sql(members: str) -> str:
    """The query for the standardised mean difference of each covariate, treated less control, for each split of `members` (split,
    is_control, region_code, BALANCED): the difference of means over the root of the mean variance. Null where an arm is empty or
    all are alike. Regions are told by their shares."""
    sums = ", ".join(f"count({c}) as {c}_n, sum({c}) as {c}_sum, sum({c} * {c}) as {c}_squares" for c in BALANCED)
    numbers = " union all ".join(
        f"""
        select
            split, '{c}' as covariate, is_control, sum({c}_sum) / sum({c}_n) as mean,
            (sum({c}_squares) - sum({c}_sum) * sum({c}_sum) / sum({c}_n)) / nullif(sum({c}_n) - 1, 0) as variance
        from cells group by split, is_control
        """
        for c in BALANCED
    )
    return f"""
        with

        cells as (
            select split, is_control, region_code, count(*) as n, {sums} from ({members}) group by split, is_control, region_code
        ),

        arms as (
            select split, is_control, sum(n) as n from cells group by split, is_control
        ),

        regions as (
            select distinct split, region_code from cells
        ),

        shares as (
            select
                regions.split, concat('region_code ', coalesce(regions.region_code, 'unknown')) as covariate, arms.is_control,
                coalesce(cells.n, 0) / arms.n as mean
            from regions
            inner join arms on regions.split = arms.split
            left join cells
                on regions.split = cells.split
                and arms.is_control = cells.is_control
                and regions.region_code is not distinct from cells.region_code
        ),

        measured as (
            {numbers}
            union all
            select split, covariate, is_control, mean, mean * (1 - mean) as variance from shares
        ),

        paired as (
            select
                split, covariate,
                max(mean) filter (not is_control) as treated,
                max(mean) filter (is_control) as control,
                sqrt(greatest(sum(variance) filter (not is_control) + sum(variance) filter (is_control), 0) / 2) as spread
            from measured
            group by split, covariate
        )

        select
            split, covariate, round(treated, {_SMALL}) as treated, round(control, {_SMALL}) as control,
            round((treated - control) / nullif(spread, 0), {_SMALL}) as difference
        from paired
    """
