"""Restriction of a person's lines: their data stays, and is used for no list, no score and no task until it is lifted.

The file of restricted lines is a source of dbt: its lines count as suppressed on all channels, and their scores are left out.
"""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.base import journal
from orchestration.base.files import write_atomically
from orchestration.base.keys import Keys
from orchestration.base.settings import Home
from orchestration.privacy.subject import Subject

FORM = pa.schema([("subscriber_id", pa.string()), ("restricted_from", pa.date32())])
"""One row a restricted line."""


def restrict(home: Home, keys: Keys, subject: Subject, request: str, day: date) -> None:
    """Restricts the lines of the subject from the day on; those that are restricted already stay as they are."""
    _write(home, dict.fromkeys(subject.lines, day) | restricted(home))
    _record(home, keys, subject, request, "restrict")


def lift(home: Home, keys: Keys, subject: Subject, request: str) -> None:
    """Ends the restriction of the lines of the subject."""
    _write(home, {line: day for line, day in restricted(home).items() if line not in subject.lines})
    _record(home, keys, subject, request, "unrestrict")


def restricted(home: Home) -> dict[str, date]:
    """Lines that are restricted, each with the first day of it."""
    path = _path(home)
    rows = pq.ParquetFile(path).read().to_pylist() if path.exists() else []
    return {row["subscriber_id"]: row["restricted_from"] for row in rows}


def ensure_empty_table(home: Home) -> None:
    """Gives the ledger a file of no rows where it has none, so that every model builds."""
    if not _path(home).exists():
        _write(home, {})


def _path(home: Home) -> Path:
    return home.ledger / "restrictions" / "lines.parquet"


def _write(home: Home, lines: dict[str, date]) -> None:
    rows = [{"subscriber_id": line, "restricted_from": day} for line, day in sorted(lines.items())]
    table = pa.Table.from_pylist(rows, schema=FORM)
    write_atomically(_path(home), home.ledger / ".drafts", lambda draft: pq.write_table(table, draft))


def _record(home: Home, keys: Keys, subject: Subject, request: str, action: str) -> None:
    journal.record(home, action, request, digests=subject.digests(keys), key=keys.current)
