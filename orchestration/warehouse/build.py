"""Care of the private build database: one build at a time, and discarded rather than repaired when in doubt.

What is built stands in models/; copying it out is `candidate`'s business.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO

import duckdb

from orchestration.base.errors import WarehouseError
from orchestration.base.files import replace_text
from orchestration.base.settings import Home


@dataclass(frozen=True)
class Stamp:
    """What a build was begun with: business date, code hash, and the stale tables ({table: latest dt}, ISO dates)."""

    as_of: str
    code: str
    stale: dict[str, str]

    @property
    def as_of_date(self) -> date:
        return date.fromisoformat(self.as_of)


@contextlib.contextmanager
def run_lock(home: Home) -> Iterator[None]:
    """Holds the home's lake and build database for this process. Raises WarehouseError where another one has them.

    The lock is the kernel's: it ends with the process, however that dies, and needs no cleaning up.
    """
    home.warehouse.mkdir(parents=True, exist_ok=True)
    with open(home.warehouse / ".lock", "a+", encoding="utf-8") as file:
        try:
            _take(file)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise WarehouseError(
                f"{home.root} is at work already ({holder}). Two builds at once would spoil each other: wait until it has "
                f"ended, then run again."
            ) from error
        file.truncate(0)
        file.write(f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
        file.flush()
        yield


def is_locked(home: Home) -> bool:
    """Whether some process holds the home right now."""
    try:
        with run_lock(home):
            return False
    except WarehouseError:
        return True


def stamp_path(home: Home) -> Path:
    return home.build_database.with_suffix(".build.json")


def read_stamp(home: Home) -> Stamp | None:
    """What the build database was begun with; None where nothing legible says so."""
    try:
        return Stamp(**json.loads(stamp_path(home).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def discard_reason(*, opens: bool, has_wal: bool, stamp: Stamp | None, code: str, as_of: date) -> str | None:
    """Why an existing build database must not be built upon, None where it may. Pure."""
    if has_wal:
        return "the last build died half-way (a write-ahead log is beside it)"
    if not opens:
        return "it does not open"
    if stamp is None:
        return "nothing says with which code and date it was begun"
    if stamp.code != code:
        return "models, macros or seeds have changed since it was begun"
    if stamp.as_of_date > as_of:
        return f"it was built for {stamp.as_of}, a later date"
    return None


def prepare(home: Home, as_of: date, code: str, stale: dict[str, date]) -> str | None:
    """Makes the build database ready for a build; gives the reason where the last one had to be discarded.

    The caller holds `run_lock`. Raises WarehouseError where another program has the database open.
    """
    path, reason = home.build_database, None
    wal = path.with_name(path.name + ".wal")
    if path.exists() or wal.exists():
        has_wal = wal.exists()
        opens = not has_wal and _opens(path)  # with a log beside it, opening would replay it
        reason = discard_reason(opens=opens, has_wal=has_wal, stamp=read_stamp(home), code=code, as_of=as_of)
    if reason:
        for leftover in (stamp_path(home), path, wal):
            leftover.unlink(missing_ok=True)
    stamp = Stamp(as_of.isoformat(), code, {table: dt.isoformat() for table, dt in stale.items()})
    # Stamped before the build begins: a build that dies is known by the code and date that it was begun with.
    replace_text(stamp_path(home), json.dumps(asdict(stamp), indent=2))
    return reason


def _take(file: IO[str]) -> None:
    # Tried for a moment: whoever only looks whether the home is held holds it for an instant.
    for _ in range(5):
        with contextlib.suppress(BlockingIOError):
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(0.05)
    return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _opens(path: Path) -> bool:
    try:
        duckdb.connect(str(path)).close()
    except duckdb.IOException as error:
        if "Could not set lock" in str(error):
            raise WarehouseError(
                f"{path} is open in another program; close it there. Readers use the published file instead. ({error})"
            ) from error
        return False
    except duckdb.Error:
        return False
    return True
