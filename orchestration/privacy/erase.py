"""Erases a person from a home: tombstones first, by which intake forgets the person from then on, then place by place, the lake's
own tables of persons last. Killed half-way it is run again, and ends the same.

Rows stay, under ids that lead to nobody and without personal values: sums over them are what they were, and the books that the
law has an operator keep stay whole. Why so: docs/decisions/2026-11-29-erased-by-replacement.md.
"""

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from orchestration.base import journal
from orchestration.base.contract import Table
from orchestration.base.keys import Keys
from orchestration.base.settings import Home
from orchestration.intake import lake
from orchestration.intake.erased import CUSTOMER, LINE, token
from orchestration.privacy import places
from orchestration.privacy.holds import require_not_held
from orchestration.privacy.places import Person
from orchestration.privacy.subject import CUSTOMERS, LINES, Subject, find
from orchestration.privacy.values import words_of_project
from orchestration.targeting import ledger
from orchestration.warehouse.build import run_lock, stamp_path
from orchestration.warehouse.manifest import Models
from orchestration.warehouse.publishing import versions

NO_TEXT = (".duckdb", ".wal", ".db", ".db-shm", ".db-wal", ".msgpack", ".gpickle", ".lock")
CHAINS = ("privacy", "audit")
"""Folders of the ledger whose files name nobody, and are chained by what they say."""
SUPPRESSIONS = "channel_phone_suppressions"


@dataclass
class Report:
    """What an erasure changed, by place, and what stays and why."""

    request: str
    changed: dict[str, str] = field(default_factory=dict)
    stays: list[str] = field(default_factory=list)
    entry: dict[str, Any] = field(default_factory=dict)


def erase(
    home: Home,
    contract: dict[str, Table],
    models: Models,
    keys: Keys,
    asked: str,
    request: str,
    note: Callable[[str], None] = lambda text: None,
) -> Report:
    """Erases the person behind a subscriber_id, a customer_id or a phone, for the request of that id.

    Raises PersonError where nobody is behind it or the person is held, WarehouseError where another run is using the home.
    """
    report = Report(request)
    with run_lock(home), lake.only_one(home, note), ledger.only_one(home):
        lake.recover(home)
        subject = find(home.raw, contract, asked)
        require_not_held(home, keys, subject)
        tombstones = [{"kind": kind, "key": keys.current, "digest": keys.digest(kind, one)} for kind, one in subject.ids]
        journal.record(home, "erasure_begun", request, tombstones=tombstones)
        ids = {kind: {one: token(keys.digest(of, one)) for of, one in subject.ids if of == kind} for kind in (LINE, CUSTOMER)}
        person = Person(ids, _searchable(subject))
        for place, change in (
            ("the build", _build),
            ("published versions", lambda home, person: _versions(home, person, models)),
            ("exports", lambda home, person: _exports(home, person, request)),
            ("logs, pages and stores", _texts),
        ):
            note(place)
            report.changed[place] = change(home, person)
        note("quarantine and ledger")
        report.changed["quarantine and ledger"] = f"{_ledgers(home, person, request)} files"
        note("the lake")
        report.changed["the lake"] = f"{_raw(home, contract, person)} files"
        report.stays = list(_stays(home, contract, subject, person))
        report.entry = journal.record(
            home,
            "erase",
            request,
            digests=subject.digests(keys),
            changed=report.changed,
            stays=report.stays,
        )
    return report


def _searchable(subject: Subject) -> tuple[str, ...]:
    """The personal values that are taken out of texts: not those that the project uses as words."""
    return tuple(value for value in subject.values if value.lower() not in words_of_project())


def _build(home: Home, person: Person) -> str:
    """The build is made from the lake: it goes, and the next run makes it anew. So does what was worked out for it alone."""
    gone = [home.build_database, home.public_database, stamp_path(home), home.warehouse / "month_sums.json"]
    for path in (*gone, *home.warehouse.glob("*.wal"), *home.published.glob(".candidate.*")):
        path.unlink(missing_ok=True)
    for folder in (home.warehouse / "aside", home.warehouse / "spill", home.exports / ".spill"):
        shutil.rmtree(folder, ignore_errors=True)
    return "removed; the next run builds anew"


def _versions(home: Home, person: Person, models: Models) -> str:
    told = {version.name: places.version_file(version.path, person, models) for version in versions(home)}
    tables = {table for changed in told.values() for table in changed}
    return f"{sum(bool(changed) for changed in told.values())} of {len(told)} versions, {len(tables)} tables"


def _exports(home: Home, person: Person, request: str) -> str:
    rows = removed = 0
    for note in sorted(home.exports.rglob("*.json")):
        gone: dict[str, int] = {}
        for path in sorted(note.parent.glob(f"{note.stem}.*")):
            if path.suffix == ".xlsx":
                if places.holds(path, person):
                    path.unlink()
                    removed += 1
            elif path.suffix in (".csv", ".parquet") and (count := places.export_file(path, person)):
                gone[path.name] = count
        if gone:
            places.export_note(note, gone, request)
            rows += sum(gone.values())
        places.text_file(note, person)
    return f"{rows} rows" + (f", {removed} workbooks removed" if removed else "")


def _texts(home: Home, person: Person) -> str:
    stores = changed = 0
    files = [path for path in sorted(home.warehouse.rglob("*")) if path.is_file() and not path.is_symlink()]
    for path in files:
        if path.suffix == ".db":  # Dagster's, in SQLite; what belongs to one beside it, SQLite itself tidies
            stores += places.sqlite_file(path, person)
        elif path.suffix not in NO_TEXT:
            changed += places.text_file(path, person)
    for path in (*home.ledger.rglob("*.json"), *home.models.rglob("*.json")):
        if path.parent.name not in CHAINS:
            changed += places.text_file(path, person)
    return f"{changed} files, {stores} rows of stores"


def _ledgers(home: Home, person: Person, request: str) -> int:
    """Runs of lists name nobody, and are chained by what they say: they stay. The journal tells the checksums of what changes
    before it does: members of runs are held against them."""
    files = [path for folder in (home.quarantine, home.ledger) for path in sorted(folder.rglob("*.parquet"))]
    drafts = places.ledger_drafts([path for path in files if path.parent != home.list_runs], person)
    if drafts:
        told = [{"path": str(d.path.relative_to(home.root)), "before": d.before, "after": d.after} for d in drafts]
        journal.record(home, "files_erased", request, files=told)
    for draft in drafts:
        os.replace(draft.beside, draft.path)
    return len(drafts)


def _raw(home: Home, contract: dict[str, Table], person: Person) -> int:
    """Tables of persons last: as long as they name the person, the request can be run again."""
    tables = sorted(contract.values(), key=lambda table: (table.name == LINES, table.name == CUSTOMERS))
    return sum(len(places.raw_files(table, sorted((home.raw / table.name).glob("dt=*/*.parquet")), person)) for table in tables)


def _stays(home: Home, contract: dict[str, Table], subject: Subject, person: Person) -> Iterable[str]:
    """What of the person is left, where, and why."""
    yield "rows under ids that lead to nobody: charges and payments for the books, all others for past figures"
    landing = [path for path in home.landing.glob("*/dt=*/*") if path.is_file() and places.holds(path, person)]
    if landing:
        folders = sorted({str(path.parent.relative_to(home.root)) for path in landing})
        named = ", ".join(folders[:3]) + ", …" * (len(folders) > 3)
        yield (
            f"{len(folders)} deliveries in landing, as the source wrote them ({named}): taken in again, they forget "
            "the person too; delete them, or wait for retention. Have the source erase the person"
        )
    if SUPPRESSIONS in contract:
        files = sorted((home.raw / SUPPRESSIONS).glob("dt=*/*.parquet"))
        if any(value in _phones(files) for value in subject.values):
            yield f"the phone on the list of {SUPPRESSIONS}: who objected to being contacted must go on being spared"
    sent = sorted({str(run["file"]).rpartition("/")[0] for run in ledger.current_runs(home) if "://" in str(run["file"])})
    if sent:
        yield f"files of lists that were delivered elsewhere ({', '.join(sent)}): tell who keeps them of this request"


def _phones(files: list[Path]) -> frozenset[str]:
    return frozenset(value for path in files for value in pq.read_table(path, columns=["msisdn"])["msisdn"].to_pylist())
