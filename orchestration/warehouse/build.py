"""Care of what dbt builds in: one build at a time, continued where it is sound, else discarded rather than repaired.

Two database files: one of the public tables, which versions are copies of, one of all others. What is built stands in models/;
copying it out is `candidate`'s business.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO

import duckdb

from orchestration.base.errors import HomeBusy, WarehouseError
from orchestration.base.files import replace_text
from orchestration.base.settings import Home, memory_limit
from orchestration.base.sql import identifier, literal
from orchestration.base.words import Message
from orchestration.warehouse.code import Code


@dataclass(frozen=True)
class Stamp:
    """What a build was begun with: business date, code hash, stale tables ({table: latest dt}, ISO dates), code of kept tables as
    Code has it."""

    as_of: str
    code: str
    stale: dict[str, str]
    kept: dict[str, str] = field(default_factory=dict)

    @property
    def as_of_date(self) -> date:
        return date.fromisoformat(self.as_of)


def stamp_of(as_of: date, code: Code, stale: dict[str, date]) -> Stamp:
    return Stamp(as_of.isoformat(), code.hash, {table: dt.isoformat() for table, dt in stale.items()}, dict(code.kept))


@dataclass(frozen=True)
class Prepared:
    """What became of the build before: discarded for a reason, or continued without the kept tables whose code has changed."""

    discarded: str | None = None
    changed: list[str] = field(default_factory=list)


@contextlib.contextmanager
def run_lock(home: Home) -> Iterator[None]:
    """Holds the home's lake and build database for this process. Raises HomeBusy where another one has them.

    The lock is the kernel's: it ends with the process, however that dies, and needs no cleaning up.
    """
    home.warehouse.mkdir(parents=True, exist_ok=True)
    with open(home.warehouse / ".lock", "a+", encoding="utf-8") as file:
        try:
            _take(file)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "another process"
            english = (
                "{home} is at work already ({holder}). Two builds at once would spoil each other: wait until it has ended, "
                "then run again."
            )
            raise HomeBusy(Message.of("home_busy", english, home=home.root, holder=holder)) from error
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


def discard_reason(*, opens: bool, stamp: Stamp | None, as_of: date) -> str | None:
    """Why an existing build database must not be built upon, None where it may. Pure."""
    if not opens:
        return "it does not open"
    if stamp is None:
        return "nothing says with which code and date it was begun"
    if stamp.as_of_date > as_of:
        return f"it was built for {stamp.as_of}, a later date"
    return None


def prepare(home: Home, as_of: date, code: Code, stale: dict[str, date]) -> Prepared:
    """Makes the build's files ready for a build by this code, and says what became of the last one.

    The caller holds `run_lock`. Raises WarehouseError where another program has one of them open.
    """
    prepared, files = Prepared(), (home.build_database, home.public_database)
    if any(path.exists() or _log(path).exists() for path in files):
        before = read_stamp(home)
        reason = discard_reason(opens=all([_opens(path) for path in files]), stamp=before, as_of=as_of)
        if reason or before is None:
            stamp_path(home).unlink(missing_ok=True)
            for path in files:
                _remove(path)
            prepared = Prepared(discarded=reason)
        else:
            prepared = Prepared(changed=_drop_unknown(home, code, before))
    # Stamped before the build begins: a build that dies is known by the code and date that it was begun with.
    replace_text(stamp_path(home), json.dumps(asdict(stamp_of(as_of, code, stale)), indent=2))
    return prepared


def discard_public(home: Home) -> None:
    """Removes the file of public tables, in which blocks would stay of a table that held what nobody may read. The next build
    makes all of them."""
    _remove(home.public_database)


@contextlib.contextmanager
def reading(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """Both files of the build, open for reading, a table of either found by schema and name."""
    with duckdb.connect(config={"memory_limit": memory_limit(), "temp_directory": str(home.warehouse / "spill")}) as db:
        paths = []
        for path in (home.build_database, home.public_database):
            db.execute(f"attach {literal(path)} as {identifier(path.stem)} (read_only)")
            query = "select distinct schema_name from duckdb_schemas() where database_name = ? and not internal"
            paths += [f"{path.stem}.{schema}" for (schema,) in db.execute(query, [path.stem]).fetchall()]
        db.execute(f"set search_path = {literal(','.join(paths))}")
        yield db


def _drop_unknown(home: Home, code: Code, before: Stamp) -> list[str]:
    """Drops kept tables made by other code, which the build then makes from nothing, and what no code makes any more; names the
    former."""
    there = _relations(home.public_database)
    if there.keys() - code.public:  # what is public no longer leaves its blocks in the file
        discard_public(home)
        there = {}
    there |= _relations(home.build_database)
    lacking = {table for table in code.public & code.kept.keys() if table not in there}
    changed = [table for table in code.changed(before.kept) if table in there]
    for path, known in ((home.build_database, code.private), (home.public_database, code.public)):
        held = _relations(path)
        with duckdb.connect(str(path)) as db:
            for relation in sorted((held.keys() & set(changed)) | (held.keys() - known)):
                db.execute(f"drop {held[relation]} {'.'.join(identifier(part) for part in relation.split('.', 1))}")
    return sorted({*changed, *lacking})


def _relations(path: Path) -> dict[str, str]:
    """'schema.name' of all tables and views of a file, with which of the two each is."""
    query = "select table_schema, table_name, table_type from information_schema.tables"
    with duckdb.connect(str(path)) as db:
        rows = db.execute(query).fetchall()
    return {f"{schema}.{name}": "view" if kind == "VIEW" else "table" for schema, name, kind in rows}


def _log(path: Path) -> Path:
    """The write-ahead log of a database file."""
    return path.with_name(path.name + ".wal")


def _remove(path: Path) -> None:
    for leftover in (path, _log(path)):
        leftover.unlink(missing_ok=True)


def _take(file: IO[str]) -> None:
    # Tried for a moment: whoever only looks whether the home is held holds it for an instant.
    for _ in range(5):
        with contextlib.suppress(BlockingIOError):
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(0.05)
    return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _opens(path: Path) -> bool:
    if not path.exists():
        return not _log(path).exists()
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
