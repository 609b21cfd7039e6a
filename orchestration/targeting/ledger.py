"""The ledger of target lists: what each run of a list came to, chained by hashes, and whom it took, held back or left out.

Only the ledger's form, writing and reading belong here; dbt reads the same files by glob, so every file has its table's schema,
also when it has no rows. One file a row of `list_runs`, numbered in the order of the chain; it is written last of all, so that a
run stands whole or not at all. Nothing that stands is ever changed.
"""

import fcntl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.dataset import dataset

from orchestration.base import chain, journal
from orchestration.base.chain import BEGINNING
from orchestration.base.files import sha256_of, write_atomically
from orchestration.base.settings import Home

STEPS = (
    "suppressed", "no_valid_phone", "phone_suppressed", "phone_of_another", "already_ordered", "not_eligible",
    "offer_refused", "capped", "on_list_before", "lost_to_priority", "universal_control", "control", "over_limit",
)  # fmt: skip
"""Why one who matches is left out of a file, in the order in which the steps apply."""

COUNTS = ("matched", *STEPS, "exported")
_ONCE_COUNTED = "offer_ordered"
"""A step of runs before `already_ordered`, whose hashes cover it; no later run has it."""
EXPORTED, REFUSED, FAILED = "exported", "refused", "failed"
TREATED, CONTROL, UNIVERSAL = "treated", "control", "universal_control"

LIST_RUNS = pa.schema(
    [
        *[(name, pa.string()) for name in ("run_id", "list_name")],
        *[(name, pa.date32()) for name in ("run_date", "as_of_date")],
        *[(name, pa.string()) for name in ("publication", "definition_hash", "definition", "channel", "offer_code", "owner")],
        ("purpose", pa.string()),
        ("priority", pa.int32()),
        ("control_share", pa.float64()),
        *[(name, pa.string()) for name in ("salt", "status", "reason")],
        *[(name, pa.int64()) for name in (*COUNTS, _ONCE_COUNTED)],
        *[(name, pa.string()) for name in ("file", "sha256")],
        ("exported_at", pa.timestamp("us")),  # UTC
        *[(name, pa.string()) for name in ("exported_by", "warnings", "members_sha256", "previous_hash", "run_hash")],
    ]
)
"""One row a list and run. `run_hash` covers all else in the row, and with `previous_hash` all rows before it."""

LIST_MEMBERS = pa.schema(
    [
        *[(name, pa.string()) for name in ("run_id", "list_name")],
        ("run_date", pa.date32()),
        *[(name, pa.string()) for name in ("subscriber_id", "arm")],
        ("position", pa.int64()),
        *[
            (name, pa.string())
            for name in ("offer_code", "reason", "lost_to", "channel", "manager_id", "value_tier", "region_code")
        ],
        ("tenure_band", pa.string()),
        ("is_at_risk", pa.bool_()),
    ]
)
"""One row a list, run and subscriber who matched. `reason`: the one of STEPS that left it out, null where it was exported."""

_EMPTY = {"list_runs/none.parquet": LIST_RUNS, "list_members/run_date=1900-01-01/none.parquet": LIST_MEMBERS}
_NUMBERED = "[0-9]*_*.parquet"


@contextmanager
def only_one(home: Home) -> Iterator[None]:
    """Holds the ledger's lock, for whoever decides and exports; a second one waits. It goes with the process, however it ends."""
    home.ledger.mkdir(parents=True, exist_ok=True)
    with open(home.ledger / ".lists.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure_empty_tables(home: Home) -> None:
    """Gives each table of the ledger a file of no rows, so that every model builds, whatever columns older files lack."""
    for name, schema in _EMPTY.items():
        path = home.ledger / name
        if not path.exists() or not pq.read_schema(path).equals(schema):
            _write(home, home.ledger / name, lambda draft, schema=schema: pq.write_table(schema.empty_table(), draft))


def runs(home: Home) -> pa.Table:
    """All rows of list_runs, in the order of the chain."""
    files = [str(path) for path in _run_files(home)]
    return dataset(files, LIST_RUNS, format="parquet").to_table() if files else LIST_RUNS.empty_table()


def current_runs(home: Home) -> list[dict]:
    """Of each list and run date the run whose file stands: the last that was exported. In the order of the chain."""
    rows = {(r["list_name"], r["run_date"]): r for r in runs(home).to_pylist() if r["status"] == EXPORTED}
    return list(rows.values())


def last_before(runs: Iterable[Mapping], list_name: str, run_date: date) -> Mapping | None:
    """Of current runs the list's last before the date; None before its first."""
    found = [r for r in runs if r["list_name"] == list_name and r["run_date"] < run_date]
    return max(found, key=lambda run: run["run_date"], default=None)


def members(home: Home, list_name: str, run_date: date | None = None) -> pa.Table:
    """Whom the current run of the list on that date (else its last) took, held back or left out; empty where there is none."""
    found = [r for r in current_runs(home) if r["list_name"] == list_name and run_date in (None, r["run_date"])]
    if not found:
        return LIST_MEMBERS.empty_table()
    return members_of(home, max(found, key=lambda run: run["run_date"]))


def members_of(home: Home, run: Mapping[str, object]) -> pa.Table:
    """Whom a recorded run took, held back or left out."""
    return pq.read_table(members_file(home, run), schema=LIST_MEMBERS, partitioning=None)


def first_salts(home: Home) -> dict[str, str]:
    """The salt that each list was first run with, by name: a split that is sought anew would be another one."""
    rows = runs(home).select(["list_name", "salt"]).to_pylist()
    return {row["list_name"]: row["salt"] for row in reversed(rows) if row["salt"] is not None}


def next_run_id(home: Home, run_date: date) -> str:
    """The name of a new run of that date: the date and a number that no recorded run has."""
    taken = [int(run_id.split("_")[1]) for run_id in runs(home)["run_id"].to_pylist() if run_id.startswith(f"{run_date}_")]
    return f"{run_date}_{max(taken, default=0) + 1:03}"


def next_stems(home: Home, names: Iterable[str], as_of: date, run_date: date) -> dict[str, str]:
    """What the lists' next files of that date are called, without an ending: the business date, the run date and the first number
    that no recorded file of the list has. So an export whose row was not written is replaced by the next one."""
    taken = {Path(file).stem for file in runs(home)["file"].to_pylist() if file}

    def next_stem(name: str) -> str:
        numbered = (f"{name}_{as_of}_{run_date}_{number:03}" for number in count(1))
        return next(stem for stem in numbered if stem not in taken)

    return {name: next_stem(name) for name in names}


def keep_members(home: Home, run: Mapping[str, object], write: Callable[[Path], None]) -> str:
    """Lays down the members of a run, given its run_date, list_name and run_id, as `write` writes them to a path. Gives their
    SHA-256, for the run's row: without that they never happened."""
    path = members_file(home, run)
    _write(home, path, write)
    return sha256_of(path)


def record(home: Home, row: Mapping[str, object]) -> dict:
    """Adds the row of a run to the chain, and gives it with its hashes."""
    before = _run_files(home)
    known = dict.fromkeys(LIST_RUNS.names) | dict(row)
    known["previous_hash"] = pq.read_table(before[-1])["run_hash"][0].as_py() if before else BEGINNING
    (known,) = pa.Table.from_pylist([known], schema=LIST_RUNS).to_pylist()  # as it will be read back: a share of 0 is 0.0 there
    known["run_hash"] = run_hash(known)
    table = pa.Table.from_pylist([known], schema=LIST_RUNS)
    path = home.list_runs / f"{len(before) + 1:06}_{row['list_name']}_{row['run_id']}.parquet"
    _write(home, path, lambda draft: pq.write_table(table, draft))
    return known


def run_hash(row: Mapping[str, object]) -> str:
    """SHA-256 of a row of list_runs, without its own run_hash."""
    said = {name: str(row[name]) for name in LIST_RUNS.names if name != "run_hash" and row.get(name) is not None}
    return chain.digest(said)


def verify(home: Home) -> str | None:
    """The first thing in the ledger that is not as it was written, in words; None where all of it is. Members that an erasure
    changed are held against what the journal says of it."""
    previous, replaced = BEGINNING, journal.replaced_files(home)
    for number, path in enumerate(_run_files(home), start=1):
        try:
            (row,) = pq.read_table(path, schema=LIST_RUNS, partitioning=None).to_pylist()
        except (ValueError, OSError) as error:
            return f"{path}: cannot be read as one row: {error}"
        said = f"{path}: list {row['list_name']}, run {row['run_id']}"
        hashes = (row["previous_hash"], row["run_hash"], run_hash(row))
        if wrong := chain.fault(path, number, said, hashes, previous, "row"):
            return wrong
        if row["members_sha256"]:
            kept = members_file(home, row)
            if not kept.exists():
                return f"{said}: its members, {kept}, are gone"
            if sha256_of(kept) != _after_erasures(replaced, str(kept.relative_to(home.root)), row["members_sha256"]):
                return f"{said}: its members, {kept}, are not what was written"
        previous = row["run_hash"]
    return None


def _after_erasures(replaced: Mapping[tuple[str, str], str], path: str, sha256: str) -> str:
    """The checksum that a file has now, each erasure having written it anew; the journal of these is a chain of its own."""
    while (path, sha256) in replaced:
        sha256 = replaced[path, sha256]
    return sha256


def members_file(home: Home, run: Mapping[str, object]) -> Path:
    """Where the members of a run lie, given its run_date, list_name and run_id."""
    return home.list_members / f"run_date={run['run_date']}" / f"{run['list_name']}_{run['run_id']}.parquet"


def clear_leftovers(home: Home) -> None:
    """Removes members of runs that died before their row was written: they never happened."""
    kept = {members_file(home, row) for row in runs(home).to_pylist() if row["members_sha256"]}
    for path in home.list_members.glob("*/*_[0-9]*.parquet"):
        if path not in kept:
            path.unlink()


def _run_files(home: Home) -> list[Path]:
    return sorted(home.list_runs.glob(_NUMBERED))


def _write(home: Home, path: Path, write: Callable[[Path], None]) -> None:
    write_atomically(path, home.ledger / ".drafts", write)
