"""What is wrong with deliveries, for the systems that made them: a file a system and business date, in exports/quality.

It says what is at fault, where, how often and since when, and holds no value of a row: the source finds the row by file and line.
What intake told of each delivery is read from its ledger and quarantine; a delivery that was made good is no longer told.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.base import modes
from orchestration.base.contract import Table
from orchestration.base.files import replace_text
from orchestration.base.settings import Home
from orchestration.base.sql import from_files, in_memory
from orchestration.intake import ledger
from orchestration.quality.validation import Finding

REJECTED, QUARANTINED, WARNED, CHECKED = "delivery rejected", "rows quarantined", "warning", "check"
COLUMNS = ("table", "column", "kind", "reason", "rows", "deliveries", "since", "last", "example")
"""`rows` are those of all deliveries told of, empty where they were not counted; `since` and `last` are dates of deliveries;
`example` is a file and a line of the last."""

_COUNTED = re.compile(r"^([0-9][0-9,]*)(?: of [0-9,]+)? rows? (.*)$", re.DOTALL)
_OF_FILE = re.compile(r"^([^ ]+\.(?:csv|csv\.gz|parquet)): (.*)$", re.DOTALL)
_QUOTED = re.compile(r"'[^']*'")
_ASSIGNED = re.compile(r"=[^\s,;)]+")
_ASIDE = re.compile(r"\s*\([^()]*\)")
_DELIVERY = re.compile(r"^(\w+) dt=(\d{4}-\d{2}-\d{2})$")


@dataclass(frozen=True)
class Discrepancy:
    """One fault of one delivery; `rows`: None where they were not counted, `example`: a file and a line."""

    table: str
    column: str
    kind: str
    reason: str
    rows: int | None
    dt: date
    example: str = ""


def write(home: Home, contract: Mapping[str, Table], day: date, found: Iterable[Finding] = ()) -> list[Path]:
    """Writes the file of each system whose deliveries are at fault, and gives where they are; one of that day that is no longer
    true goes. `found`: what the source checks of the run told."""
    rows = [*of_intake(home, contract), *of_checks(found, contract, day)]
    written = []
    for system in sorted({table.system for table in contract.values()}):
        path = home.exports / "quality" / system / f"{day}.csv"
        own = [one for one in rows if contract[one.table].system == system]
        if not own:
            path.unlink(missing_ok=True)
            continue
        modes.make_folder(path.parent, "exports")
        replace_text(path, "\ufeff" + csv_text(own))
        path.chmod(modes.file_mode("exports"))
        written.append(path)
    return written


def of_intake(home: Home, contract: Mapping[str, Table], since: date = date.min) -> Iterator[Discrepancy]:
    """What the ledger and quarantine say of the last attempt of each delivery, of those of `since` and later."""
    last: dict[tuple[str, date], dict[str, Any]] = {}
    columns = ["table_name", "dt", "outcome", "rows_set_aside", "reason", "warnings"]
    for row in ledger.history(home, columns).to_pylist():
        last[row["table_name"], row["dt"]] = row
    for (table, dt), row in sorted(last.items()):
        if table not in contract or dt < since:
            continue
        is_rejected = row["outcome"] == ledger.REJECTED
        if is_rejected:
            yield said(table, REJECTED, row["reason"] or "", row["rows_set_aside"] or None, dt)
        name = "rejected.parquet" if is_rejected else "accepted.parquet"
        yield from _quarantined(home.quarantine / table / f"dt={dt}" / name, table, dt)
        for text in row["warnings"] or ():
            if " rows quarantined. " in text:
                continue  # told above, by column and reason
            yield said(table, WARNED, text, None, dt)


def said(table: str, kind: str, text: str, rows: int | None, dt: date) -> Discrepancy:
    """What intake said of a delivery; `rows` where the text counts none itself. Pure."""
    text = without_values(text)
    file = _OF_FILE.match(text)
    count, reason = counted(file[2] if file else text)
    return Discrepancy(table, "", kind, reason, rows if count is None else count, dt, file[1] if file else "")


def of_checks(found: Iterable[Finding], contract: Mapping[str, Table], day: date) -> Iterator[Discrepancy]:
    """What source checks found; a finding of no delivery is told for the business date. Pure."""
    for finding in found:
        delivery = _DELIVERY.match(finding.table)
        table, dt = (delivery[1], date.fromisoformat(delivery[2])) if delivery else (finding.table.split(" ")[0], day)
        if table in contract:
            yield Discrepancy(table, finding.column, CHECKED, f"expected: {finding.says}; {finding.observed}", None, dt)


def csv_text(found: Iterable[Discrepancy]) -> str:
    """The file of a system: a row a fault, its deliveries added up, what concerns most rows first. Pure."""
    groups: dict[tuple[str, str, str, str], list[Discrepancy]] = {}
    for one in found:
        groups.setdefault((one.table, one.column, one.kind, one.reason), []).append(one)
    told = []
    for key, ones in groups.items():
        last = max(ones, key=lambda one: one.dt)
        counts = [one.rows for one in ones if one.rows is not None]
        rows = sum(counts) if counts else None
        told.append(
            (
                rows or 0,
                [
                    *key,
                    "" if rows is None else rows,
                    len({one.dt for one in ones}),
                    min(one.dt for one in ones),
                    last.dt,
                    last.example,
                ],
            )
        )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(row for _, row in sorted(told, key=lambda pair: (-pair[0], str(pair[1]))))
    return text.getvalue()


def without_values(text: str) -> str:
    """The first sentence of what intake said, without examples in brackets, quoted values and those of keys. Pure."""
    return _ASSIGNED.sub("=…", _QUOTED.sub("'…'", _ASIDE.sub("", text.partition(". ")[0]))).rstrip(".")


def counted(text: str) -> tuple[int | None, str]:
    """The rows that a text tells, and it without their number; (None, the text) of one that counts none. Pure."""
    found = _COUNTED.match(text)
    return (int(found[1].replace(",", "")), f"rows {found[2]}") if found else (None, text)


def _quarantined(path: Path, table: str, dt: date) -> Iterator[Discrepancy]:
    if not path.exists():
        return
    faults = f"select file, line, unnest(faults) as fault from {from_files([path])}"
    query = (
        f"select fault.column, fault.reason, count(*), arg_min(file || ', line ' || line, (file, line)) from ({faults}) "
        "group by all order by all"
    )
    with in_memory() as db:
        for column, reason, rows, example in db.execute(query).fetchall():
            yield Discrepancy(table, column, QUARANTINED, _ASSIGNED.sub("=…", reason), rows, dt, example)
