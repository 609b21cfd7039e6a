"""What follows from the matches of a run's lists: who of several lists gets a line, who is held back, where a limit cuts.

SQL on the run's own DuckDB connection, one statement for all lists, so that both engines decide alike. Expected there are the
tables `matches` (see matching.matches_sql), `lists` (LISTS) and those that `create_scope` creates.
"""

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from orchestration.targeting.matching import BALANCED, HELD_OUT, KEPT
from orchestration.targeting.templates import sql

LISTS = "list_number integer, list_name varchar, is_decided boolean, control_share double, salt varchar, row_limit bigint"
"""Columns of `lists`; numbers are in the order of precedence: the first of several lists gets a line."""

CANDIDATES = 100
"""Random seeds that are tried for a list which has none."""

LEEWAY = 0.05
"""Share of the wished control by which a drawn one may miss it."""

MACRO = sql("draw")
"""Where a row falls between 0 and 1. Lists are decided without dbt, on a connection of the run's own; a test holds it equal to
dbt's macro hash_share."""


def create_scope(
    connection: duckdb.DuckDBPyConnection,
    named: Iterable[tuple[int, str, int | None, bool]],
    earlier: pa.Table,
    taken: pa.Table,
    before: pa.Table,
) -> None:
    """Creates the tables `named` (what lists include or exclude by name: list_number, the other's name, its number among the
    matches or None, whether included), `earlier` (whom the last run of those exported), `taken` (whom other lists have on this
    run date already) and `before` (whom earlier runs of a list had that may not be on it again), of list_name and
    subscriber_id."""
    connection.execute(
        "create or replace temp table named (list_number integer, other varchar, other_number integer, is_included boolean)"
    )
    for row in named:
        connection.execute("insert into named values (?, ?, ?, ?)", row)
    for table, given in (("earlier", earlier), ("taken", taken), ("before", before)):
        connection.register("given", given)
        connection.execute(f"create or replace temp table {table} as select list_name, subscriber_id from given")
        connection.unregister("given")


def add_taken_by_phone(connection: duckdb.DuckDBPyConnection) -> None:
    """Adds to `taken` the other lines of its phones; needs `shared_phones` (templates: shared_phones)."""
    connection.execute(sql("taken_by_phone"))


def prioritise(connection: duckdb.DuckDBPyConnection) -> None:
    """Creates `prioritised`: who of several lists gets a line."""
    connection.execute(sql("prioritised", held_out=HELD_OUT))


def decide(connection: duckdb.DuckDBPyConnection) -> None:
    """Creates `decisions` of `prioritised`: who is exported, and why the others are left out."""
    connection.execute(sql("decisions", kept=(*KEPT, *BALANCED)))


def candidate_salts(connection: duckdb.DuckDBPyConnection) -> dict[int, str]:
    """For each list of `lists` without a salt (a random seed) the best of CANDIDATES: of those whose control has nearly the
    wished share the one whose arms differ least.

    A list that holds nobody back, or for whom nobody is left, gets none: it is sought again when there is someone.
    """
    best = connection.execute(sql("best_draws", balanced=BALANCED, candidates=CANDIDATES, leeway=LEEWAY)).fetchall()
    names = dict(connection.execute("select list_number, list_name from lists").fetchall())
    return {number: f"{names[number]}-{candidate}" for number, candidate in best}


def balance(connection: duckdb.DuckDBPyConnection, number: int) -> list[dict[str, object]]:
    """How the two arms of a list differ: covariate, treated and control (means or shares), difference (standardised)."""
    names = ("covariate", "treated", "control", "difference")
    rows = connection.execute(sql("balance", list_number=number, balanced=BALANCED)).fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]
