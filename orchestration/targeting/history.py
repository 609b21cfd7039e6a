"""What the ledger tells of lists already run: who came and who went from one run to the next, which lists hold the same people.

Only recorded runs are read here, never the warehouse; how they are shown belongs to `orchestration.cli` and the console.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from orchestration.base import audit
from orchestration.base.errors import ListError
from orchestration.base.settings import Home
from orchestration.base.words import Message
from orchestration.targeting import ledger
from orchestration.targeting.templates import sql

Run = Mapping[str, object]
MEMBER_COLUMNS = (
    "list_name", "run_date", "position", "subscriber_id", "arm", "offer_code", "manager_id", "value_tier", "region_code",
)  # fmt: skip
"""What is told of those whom a list took, outside of its file."""


@dataclass(frozen=True)
class Diff:
    """Two runs of a list, who was exported in both (a count), and who in one alone: (subscriber_id, what it was in the other)."""

    older: Run
    newer: Run
    stayed: int
    entered: list[tuple[str, str]]
    left: list[tuple[str, str]]


def diff(home: Home, name: str) -> Diff:
    """The last two runs of the list that were exported, on different days. Raises ListError where there are no two."""
    found = sorted((r for r in ledger.current_runs(home) if r["list_name"] == name), key=lambda run: run["run_date"])
    if len(found) < 2:
        raise ListError(f"list {name}: {'one run is' if found else 'no run is'} in the ledger, and two are needed to compare")
    older, newer = found[-2:]
    with duckdb.connect() as connection:
        connection.register("older", ledger.members_of(home, older))
        connection.register("newer", ledger.members_of(home, newer))
        (stayed,) = connection.execute(sql("stayed")).fetchone()
        entered, left = (
            connection.execute(sql("moved", mine=mine, other=other, unmatched=unmatched)).fetchall()
            for mine, other, unmatched in (("newer", "older", "did not match"), ("older", "newer", "no longer matches"))
        )
    return Diff(older, newer, stayed, entered, left)


def members_csv(home: Home, name: str, run_date: date | None = None) -> str:
    """Whom the current run of the list on that date (else its last) took, as CSV of MEMBER_COLUMNS without phones; the audit
    trail has it. Raises ListError where there is no such run, or it took nobody."""
    rows = [one for one in ledger.members(home, name, run_date).to_pylist() if not one["reason"]]
    if not rows:
        english = "list {name}: no such run was exported, or it took nobody; `telco360 status` shows the last ones"
        raise ListError(Message.of("no_such_run", english, name=name))
    with audit.recorded(home, "list_members", f"list {name}, run {rows[0]['run_id']}") as act:
        act.rows = len(rows)
        file = io.StringIO()
        writer = csv.DictWriter(file, MEMBER_COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return file.getvalue()


def overlap(home: Home) -> tuple[list[Run], list[list[int]]]:
    """The last exported run of each list, by name, and the matrix of how many subscribers two of them match, left out or not."""
    last = {run["list_name"]: run for run in sorted(ledger.current_runs(home), key=lambda run: run["run_date"])}
    runs = [last[name] for name in sorted(last)]
    if not runs:
        raise ListError("no list has been exported yet; run `telco360 nightly`")
    with duckdb.connect() as connection:
        connection.execute("create table members (place integer, subscriber_id varchar)")
        for place, run in enumerate(runs):
            connection.register("given", ledger.members_of(home, run))
            connection.execute("insert into members select ?, subscriber_id from given", [place])
        counts = connection.execute(sql("shared_members")).fetchall()
    known = {(row, column): count for row, column, count in counts}
    return runs, [[known.get((row, column), 0) for column in range(len(runs))] for row in range(len(runs))]


def recorded(home: Home, name: str, subscriber: str) -> str:
    """What the last exported run of the list made of the subscriber, in words; nothing before the first run."""
    found = [run for run in ledger.current_runs(home) if run["list_name"] == name]
    if not found:
        return ""
    run = max(found, key=lambda run: run["run_date"])
    with duckdb.connect() as connection:
        connection.register("members", ledger.members_of(home, run))
        row = connection.execute("select position, reason, lost_to from members where subscriber_id = ?", [subscriber]).fetchone()
    position, reason, lost_to = row or (None, "not matched", None)
    was = f"exported, position {position:,}" if position else f"left out: {reason}{f' ({lost_to})' if lost_to else ''}"
    return f"on {run['run_date']} (run {run['run_id']}): {was}"
