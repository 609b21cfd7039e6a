"""Puts what intake made into the lake, so that a kill at any moment leaves nothing half done.

Only moving folders and files belongs here. An outcome is prepared aside, under lake/.incoming, as a folder with everything it
will change: raw/ and quarantine/ (what these folders of its delivery shall hold) and outcome.parquet (its ledger row). One
rename of that folder to ready-… decides: before it, the outcome never happened; after it, whoever comes next completes it, and
completing twice ends the same as once.
"""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from orchestration.base.contract import Table
from orchestration.base.files import make_lasting_folder, sync_folder, sync_tree, write_atomically
from orchestration.base.settings import Home
from orchestration.intake import ledger
from orchestration.intake.values import lake_schema

NEVER_DELIVERED = "dt=1900-01-01"
_READY = "ready-"


def incoming(home: Home) -> Path:
    """Where outcomes are prepared: beside raw and on its file system, out of reach of every glob over the lake."""
    return home.lake / ".incoming"


@contextmanager
def only_one(home: Home, progress: Callable[[str], None]) -> Iterator[None]:
    """Holds the lake's lock; a second intake waits for the first. The lock goes with the process, however it ends."""
    home.lake.mkdir(parents=True, exist_ok=True)
    with open(home.lake / ".intake.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another intake is at work on this home; waiting for it to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class Workspace:
    """The folder in which one outcome is prepared. `scratch` is for what does not outlive the preparation."""

    path: Path

    @property
    def raw(self) -> Path:
        return self.path / "raw"

    @property
    def quarantine(self) -> Path:
        return self.path / "quarantine"

    @property
    def scratch(self) -> Path:
        return self.path / "scratch"


def new_workspace(home: Home) -> Workspace:
    """An empty workspace; what an earlier one held is gone."""
    workspace = Workspace(incoming(home) / "next")
    shutil.rmtree(workspace.path, ignore_errors=True)
    workspace.quarantine.mkdir(parents=True)
    workspace.scratch.mkdir()
    return workspace


def commit(home: Home, workspace: Workspace, outcome: ledger.Outcome) -> None:
    """Makes the outcome come true: its folders in the lake, its row in the ledger."""
    shutil.rmtree(workspace.scratch)
    if not any(workspace.quarantine.iterdir()) and not folder_of(home.quarantine, outcome.table_name, outcome.dt).exists():
        workspace.quarantine.rmdir()  # it would change nothing, and moving it costs a tenth of a small delivery
    pq.write_table(ledger.as_table(outcome), workspace.path / "outcome.parquet")
    sync_tree(workspace.path)
    ready = workspace.path.with_name(f"{_READY}{outcome.table_name}-{outcome.dt}")
    workspace.path.rename(ready)
    sync_folder(ready.parent)
    _complete(home, ready)


def recover(home: Home) -> None:
    """Completes what was decided before a run was killed, and clears away what was not."""
    if not incoming(home).is_dir():
        return
    for path in sorted(incoming(home).iterdir()):
        if path.name.startswith(_READY):
            _complete(home, path)
        elif path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def ensure_empty_tables(home: Home, contract: dict[str, Table]) -> None:
    """Gives each table a Parquet file of no rows in the contract's present columns and types.

    So every model builds where a table was never delivered, and where the lake's files are older than a column of the contract.
    """
    for table in contract.values():
        empty = lake_schema(table).empty_table()
        target = home.raw / table.name / NEVER_DELIVERED / "empty.parquet"
        if not (target.exists() and pq.read_schema(target).equals(empty.schema)):
            write_atomically(target, incoming(home), partial(pq.write_table, empty))


def withdraw(home: Home, table: str, dt: date, reason: str) -> None:
    """Takes an accepted delivery out of the lake: it stands as rejected, for that reason. The ledger first: rows without an
    accepted delivery are replaced or removed by the next attempt. Whoever calls holds the lock."""
    ledger.withdraw(home, table, dt, reason, incoming(home))
    shutil.rmtree(folder_of(home.raw, table, dt), ignore_errors=True)


def folder_of(root: Path, table: str, dt: object) -> Path:
    """Where a delivery lies under raw or quarantine."""
    return root / table / f"dt={dt}"


def _complete(home: Home, ready: Path) -> None:
    if (ready / "outcome.parquet").exists():  # the last thing to go: without it, all is done but clearing away
        row = pq.read_table(ready / "outcome.parquet", schema=ledger.SCHEMA)
        table, dt = row["table_name"][0].as_py(), row["dt"][0].as_py()
        _swap(ready / "raw", folder_of(home.raw, table, dt), ready / "raw-before")
        quarantined = folder_of(home.quarantine, table, dt)
        _swap(ready / "quarantine", quarantined, ready / "quarantine-before")
        _drop_if_empty(quarantined)
        ledger.record(home, row, incoming(home))
        (ready / "outcome.parquet").unlink()
    shutil.rmtree(ready)


def _swap(new: Path, target: Path, before: Path) -> None:
    if not new.exists():  # nothing to change, or moved before a run was killed
        return
    make_lasting_folder(target.parent)
    if target.exists():
        shutil.rmtree(before, ignore_errors=True)
        target.rename(before)
    new.rename(target)
    sync_folder(target.parent)


def _drop_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
