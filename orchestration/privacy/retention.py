"""What goes by age: kinds of data with their days in seeds/retention.csv, applied after each publication. A hold stops a kind.

Ledgers of intake, lists, tasks and persons stay: they hold ids alone, and later figures and audits read them.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from orchestration.base.settings import Home
from orchestration.intake import ledger
from orchestration.intake.landing import SUCCESS
from orchestration.privacy.holds import held_kinds
from orchestration.warehouse.publishing import newest_before, versions
from orchestration.warehouse.seeds import read_seed, seed_path

KINDS = ("landing", "raw", "quarantine", "versions", "exports", "run_history", "logs")
RUN_HISTORY = "run_history"


@dataclass(frozen=True)
class Kept:
    """What retention came to: how much of each kind went, and which kinds are held, by which request."""

    gone: dict[str, int] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)

    @property
    def in_short(self) -> str:
        """The same in a few words."""
        gone = ", ".join(f"{count:,} of {kind}" for kind, count in self.gone.items() if count)
        held = "; ".join(f"{kind} held for request {request}" for kind, request in self.held.items())
        return "; ".join(part for part in (f"removed by age: {gone}" if gone else "nothing to remove", held) if part)


def days_kept() -> dict[str, int]:
    """Days by kind, from the seed."""
    return {row["kind"]: int(row["days"]) for row in read_seed(seed_path("retention"))}


def apply_retention(
    home: Home, now: datetime, remove_runs: Callable[[datetime], int] = lambda before: 0, days: dict[str, int] | None = None
) -> Kept:
    """Removes what is older than its days. `now`: local time without zone; `remove_runs`: removes runs that began before a time
    from Dagster's store, and gives how many; `days`: by kind, else the seed's."""
    held, kept = held_kinds(home), days or days_kept()
    gone: dict[str, int] = {}
    for kind in KINDS:
        if kind not in held:
            before = now - timedelta(days=kept[kind])
            gone[kind] = remove_runs(before) if kind == RUN_HISTORY else _remove(home, _due(home, kind, before))
    return Kept(gone, {kind: request for kind, request in held.items() if kind in KINDS})


def _due(home: Home, kind: str, before: datetime) -> Iterable[Path]:
    return {
        "landing": _landing,
        "raw": _raw,
        "quarantine": _quarantine,
        "versions": _versions,
        "exports": _exports,
        "logs": _logs,
    }[kind](home, before)


def _landing(home: Home, before: datetime) -> Iterator[Path]:
    """Complete deliveries that were judged: what was accepted is in the lake, what was rejected is not tried again by then."""
    judged = {(row["table_name"], row["dt"].isoformat()) for row in ledger.history(home, ["table_name", "dt"]).to_pylist()}
    for folder in home.landing.glob("*/dt=*"):
        is_judged = (folder.parent.name, folder.name[3:]) in judged and (folder / SUCCESS).exists()
        is_ours = os.access(folder.parent, os.W_OK | os.X_OK)  # else the source's account clears landing
        if is_judged and is_ours and all(_written(path) < before for path in folder.rglob("*")):
            yield folder


def _raw(home: Home, before: datetime) -> Iterator[Path]:
    """Days of a table, but for its last: a catalogue may come once. None that landing holds still: it would be taken in again."""
    for table in home.raw.glob("*"):
        for folder in sorted(table.glob("dt=*"))[:-1]:
            dt = date.fromisoformat(folder.name[3:])
            is_in_landing = (home.landing / table.name / folder.name).exists()
            if date(1900, 1, 1) < dt < before.date() and not is_in_landing:
                yield folder


def _quarantine(home: Home, before: datetime) -> Iterator[Path]:
    yield from (path for path in home.quarantine.rglob("*.parquet") if _written(path) < before)


def _versions(home: Home, before: datetime) -> Iterator[Path]:
    """Versions but the current one, and the one that tells the next build what tags were."""
    known = versions(home)
    memory = newest_before(known, date.fromisoformat(known[0].contents.as_of)) if known else None
    for version in known:
        made = datetime.fromisoformat(version.made_at).replace(tzinfo=None)
        if made < before and not version.is_current and version is not memory:
            yield from (version.path, version.path.with_suffix(".json"))


def _exports(home: Home, before: datetime) -> Iterator[Path]:
    for folder in home.exports.glob("[0-9]*-*-*"):
        if folder.is_dir() and date.fromisoformat(folder.name) < before.date():
            yield folder
    for path in home.exports.glob("quality/*/*.csv"):
        if date.fromisoformat(path.stem) < before.date():
            yield path


def _logs(home: Home, before: datetime) -> Iterator[Path]:
    folders = (
        home.dbt_artefacts,
        home.warehouse / "logs",
        home.warehouse / "dagster" / "storage",
        home.data_docs / "validations",
    )
    for folder in folders:
        yield from (path for path in folder.rglob("*") if path.is_file() and _written(path) < before and _is_log(path))


def _is_log(path: Path) -> bool:
    return path.suffix in (".log", ".err", ".out", ".html", ".jsonl") or ".log." in path.name


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime)


def _remove(home: Home, due: Iterable[Path]) -> int:
    """Removes files, and folders with all in them; gives how many. A folder that is empty then goes too."""
    removed = 0
    for path in list(due):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        removed += path.suffix != ".json"  # a description goes with what it describes
        parent = path.parent
        if parent.name.startswith("dt=") and not any(parent.iterdir()):
            parent.rmdir()
    return removed
