"""What is known from earlier deliveries when the next one is validated: which are known, what stands, how many rows are usual.

Kept in memory for a run, first filled from the ledger. No files are read here but the ledger, and nothing is written.
"""

import hashlib
import json
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from graphlib import TopologicalSorter
from typing import Any

from orchestration.base.contract import Column, Table
from orchestration.base.settings import Home
from orchestration.intake import ledger
from orchestration.intake.errors import TRIED_AGAIN
from orchestration.intake.landing import Folder, Listing
from orchestration.intake.limits import TableLimits

RULES_VERSION = 3
"""Raised when intake's rules change, so that every delivery is validated anew."""

USUAL_DELIVERIES = 8
LEAST_DELIVERIES = 2


@dataclass(frozen=True)
class Accepted:
    """An accepted delivery, as far as others are validated by it."""

    dt: date
    rows: int
    rows_sha256: str
    carried: int = 0


class State:
    """Outcomes so far, of this run and all before it."""

    def __init__(self, home: Home):
        self._latest: dict[tuple[str, date], tuple[str, str, str | None]] = {}
        self._accepted: dict[str, dict[date, Accepted]] = {}
        columns = ["table_name", "dt", "outcome", "rows_accepted", "rows_sha256", "fingerprint", "reason", "rows_carried"]
        for row in ledger.history(home, columns).to_pylist():
            self._add(*row.values())

    def add(self, outcome: ledger.Outcome) -> None:
        """Takes an outcome of this run into account."""
        o = outcome
        self._add(o.table_name, o.dt, o.outcome, o.rows_accepted, o.rows_sha256, o.fingerprint, o.reason, o.rows_carried)

    def _add(
        self,
        table: str,
        dt: date,
        outcome: str,
        rows: int,
        rows_sha256: str | None,
        fingerprint: str,
        reason: str | None,
        carried: int | None,
    ) -> None:
        self._latest[table, dt] = (outcome, fingerprint, reason)
        if outcome == ledger.ACCEPTED:
            self._accepted.setdefault(table, {})[dt] = Accepted(dt, rows, rows_sha256 or "", carried or 0)

    def is_known(self, table: str, dt: date, fingerprint: str) -> bool:
        """Whether the latest outcome of this delivery still holds."""
        _, known, reason = self._latest.get((table, dt), (None, None, None))
        return known == fingerprint and TRIED_AGAIN not in (reason or "")

    def is_accepted(self, table: str, dt: date) -> bool:
        """Whether the latest outcome of this delivery is an acceptance."""
        return self._latest.get((table, dt), ("",))[0] == ledger.ACCEPTED

    def latest_until(self, table: str, dt: date) -> Accepted | None:
        """The accepted delivery of the table with the greatest dt up to this one."""
        return max((s for d, s in self._accepted.get(table, {}).items() if d <= dt), key=lambda s: s.dt, default=None)

    def latest(self, table: str) -> Accepted | None:
        """The accepted delivery of the table with the greatest dt."""
        return self.latest_until(table, date.max)

    def before(self, table: str, dt: date) -> Accepted | None:
        """The accepted delivery of the table next before this dt."""
        return max((s for d, s in self._accepted.get(table, {}).items() if d < dt), key=lambda s: s.dt, default=None)

    def usual_rows(self, table: str, dt: date) -> float | None:
        """Median rows of the last accepted deliveries before dt on the same weekday; None while there are too few."""
        same = sorted(
            (s for d, s in self._accepted.get(table, {}).items() if d < dt and d.weekday() == dt.weekday()), key=lambda s: s.dt
        )
        rows = [s.rows for s in same[-USUAL_DELIVERIES:]]
        return statistics.median(rows) if len(rows) >= LEAST_DELIVERIES else None

    def fingerprint(
        self,
        folder: Folder,
        listing: Listing,
        table: Table,
        limits: TableLimits,
        contract: dict[str, Table],
        profile: str = "",
    ) -> str:
        """What decides whether a delivery was validated already: its files, its rules, the deliveries it is checked against, and
        the fingerprint of the table's reading profile."""
        referenced: dict[str, object] = {}
        for _, name, _ in enforced_references(table, contract):
            latest = self.latest_until(name, folder.dt)
            referenced[name] = latest and (latest.dt, latest.rows_sha256, latest.carried)
        if table.keep_missing and (before := self.before(table.name, folder.dt)):  # its rows may be kept here
            referenced["the snapshot before"] = (before.dt, before.rows_sha256)
        parts = [RULES_VERSION, asdict(listing), _rules_of(table), asdict(limits), referenced, profile]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def enforced_references(table: Table, contract: dict[str, Table]) -> list[tuple[Column, str, str]]:
    """(column, referenced table, referenced column) of the references that rows must keep: those within crm snapshots."""
    if not _is_crm_snapshot(table):
        return []
    return [
        (column, *column.references)
        for column in table.columns
        if column.references and column.references[0] in contract and _is_crm_snapshot(contract[column.references[0]])
    ]


def in_order(folders: Iterable[Folder], contract: dict[str, Table]) -> list[Folder]:
    """Deliveries, each after those it may be checked against: crm snapshots by dt, referenced ones first, then the rest."""
    graph = {t.name: {r for _, r, _ in enforced_references(t, contract)} - {t.name} for t in contract.values()}
    rank = {name: i for i, name in enumerate(TopologicalSorter(graph).static_order())}
    return sorted(folders, key=lambda f: (not _is_crm_snapshot(contract[f.table]), f.dt, rank[f.table]))


def _rules_of(table: Table) -> dict[str, Any]:
    """The table's contract without its prose, and without what changes no row."""
    rules = asdict(table) | {"description": None}
    columns = [asdict(column) | {"description": None} for column in table.columns]
    for column in columns:
        del column["is_optional"]
    return rules | {"columns": columns}


def _is_crm_snapshot(table: Table) -> bool:
    return table.system == "crm" and table.delivery == "snapshot"
