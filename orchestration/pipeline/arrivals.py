"""Which business days are due: all required deliveries there, and one of them not yet validated as it is there now; and which is
the latest delivered.

Looking belongs here, and the rules as pure functions; starting runs is Dagster's.
"""

import contextlib
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from orchestration.base.contract import Table, load_contract
from orchestration.base.settings import Home
from orchestration.intake import landing, ledger
from orchestration.pipeline.run import ledger_dates, required_tables
from orchestration.warehouse.freshness import Deliveries

Marks = Mapping[tuple[str, date], datetime]
"""A moment (UTC, no zone) for each delivery, by table and dt."""


def complete_folders(home: Home) -> Marks:
    """When the `_SUCCESS` of each complete delivery in landing was written; of none while there is no landing."""
    marks = {}
    scan = landing.scan(home.landing, set(load_contract())) if home.landing.is_dir() else None
    for folder in scan.complete if scan else ():
        with contextlib.suppress(OSError):  # gone since, or closed to us: intake will tell
            modified = (folder.path / landing.SUCCESS).lstat().st_mtime
            marks[folder.table, folder.dt] = datetime.fromtimestamp(modified, UTC).replace(tzinfo=None)
    return marks


def validated(home: Home) -> Marks:
    """When intake last validated each delivery, accepted or not."""
    rows = ledger.history(home, ["table_name", "dt", "recorded_at"]).to_pylist()
    return {(row["table_name"], row["dt"]): row["recorded_at"] for row in rows}  # oldest first: the last one stays


@dataclass(frozen=True)
class Due:
    """A day to build for. `key` tells the day and what is there: the same deliveries start one run, a new one another."""

    day: date
    key: str


def due_day(complete: Marks, known: Marks, contract: Mapping[str, Table]) -> Due | None:
    """The latest day on which every required table is complete and at least one delivered since it was validated. Pure.

    One day only: a run takes in all that is there.
    """
    required = sorted(table.name for table in contract.values() if table.required)
    for day in sorted({dt for _, dt in complete}, reverse=True):
        marks = {table: complete.get((table, day)) for table in required}
        if None in marks.values():
            continue
        if any(mark > known.get((table, day), datetime.min) for table, mark in marks.items()):
            told = ",".join(f"{table}@{mark.isoformat()}" for table, mark in marks.items())
            return Due(day, f"{day}-{hashlib.sha256(told.encode()).hexdigest()[:16]}")
    return None


def latest_day(home: Home, contract: Mapping[str, Table], today: date) -> date:
    """The business date of a run that nobody asked a day of, by what is accepted and what lies in landing."""
    return latest_delivered(ledger_dates(home), complete_folders(home), validated(home), required_tables(contract), today)


def latest_delivered(accepted: Deliveries, complete: Marks, known: Marks, required: Collection[str], today: date) -> date:
    """The greatest dt up to today of a required table that was accepted, or that is complete and was not validated as it is.
    Today where there is none: that run takes in what else there is, and says what is missing. Pure."""
    waiting = [dt for (table, dt), mark in complete.items() if table in required and mark > known.get((table, dt), datetime.min)]
    dates = [*waiting, *(dt for table in required for dt in accepted.get(table, ()))]
    return max((dt for dt in dates if dt <= today), default=today)
