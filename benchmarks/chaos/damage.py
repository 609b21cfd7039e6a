"""Damaged, replaced and missing files: of the build, of ledgers, of published versions, of the lake.

Where a run cannot do without a file, it says which one; the case then puts the file back, as a person does from a backup.
"""

import random
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.chaos.cases import Case, Harmed
from benchmarks.chaos.stage import Stage
from orchestration.base.settings import Home
from orchestration.warehouse.build import stamp_path
from orchestration.warehouse.publishing import current

BLOCK = 65_536

Harm = Callable[[Path], None]


def truncate(path: Path) -> None:
    """Leaves the first half of the file."""
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size // 2)


def overwrite_head(path: Path) -> None:
    """Puts other bytes where the file begins."""
    with open(path, "r+b") as file:
        file.write(random.Random(1).randbytes(min(4096, path.stat().st_size)))


def overwrite_blocks(path: Path) -> None:
    """Puts other bytes into every tenth part of the file but the first."""
    size, rng = path.stat().st_size, random.Random(2)
    with open(path, "r+b") as file:
        for part in range(1, 10):
            file.seek(size * part // 10)
            file.write(rng.randbytes(min(BLOCK, size // 20)))


def empty(path: Path) -> None:
    """Leaves the file with no bytes."""
    path.write_bytes(b"")


def remove(path: Path) -> None:
    """Removes the file or the folder."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


WORDS = {
    truncate: "cut in half",
    overwrite_head: "its head overwritten",
    overwrite_blocks: "blocks overwritten",
    empty: "emptied",
    remove: "removed",
}


def damages() -> list[Case]:
    """Files of the home that are damaged or gone as the run begins."""
    all_but_gone = (truncate, overwrite_head, overwrite_blocks, empty)
    found = [
        ("corrupt build file", "private tables", lambda home: home.build_database, all_but_gone),
        ("corrupt build file", "public tables", lambda home: home.public_database, all_but_gone),
        ("corrupt build file", "stamp", stamp_path, (empty,)),
        ("corrupt build file", "checksums of months", lambda home: home.warehouse / "month_sums.json", (empty,)),
        ("corrupt ledger", "intake", _largest("intake"), (truncate, overwrite_blocks, empty)),
        ("corrupt ledger", "lists", _largest("list_runs"), (truncate, empty)),
        ("corrupt ledger", "members of a list", _largest("list_members"), (truncate,)),
        ("corrupt ledger", "tasks", _largest("task_reasons"), (truncate,)),
        ("corrupt published version", "file", _version, (truncate, overwrite_head, overwrite_blocks)),
        ("corrupt published version", "description", _description, (truncate, remove)),
        ("deleted version or partition", "published version", _version, (remove,)),
        ("deleted version or partition", "register's last delivery in the lake", _of_lake("crm_subscribers"), (remove,)),
        ("deleted version or partition", "usage's last delivery in the lake", _of_lake("billing_usage_daily"), (remove,)),
        ("deleted version or partition", "file of usage in the lake", _file_of_lake("billing_usage_daily"), (truncate,)),
    ]
    return [
        Case(kind, f"{what}, {WORDS[harm]}", partial(_damaged, find=find, harm=harm))
        for kind, what, find, harms in found
        for harm in harms
    ]


def _version(home: Home) -> Path:
    return current(home).path


def _description(home: Home) -> Path:
    return _version(home).with_suffix(".json")


def _largest(table: str) -> Callable[[Home], Path]:
    def found(home: Home) -> Path:
        return max((home.ledger / table).rglob("*.parquet"), key=lambda path: path.stat().st_size)

    return found


def _of_lake(table: str) -> Callable[[Home], Path]:
    return lambda home: max((home.raw / table).glob("dt=2[0-9]*"))


def _file_of_lake(table: str) -> Callable[[Home], Path]:
    return lambda home: max(_of_lake(table)(home).glob("*.parquet"))


def _damaged(stage: Stage, home: Home, find: Callable[[Home], Path], harm: Harm) -> Harmed:
    path = find(home)
    kept = path.with_name(f".{path.name}.kept")
    shutil.copytree(path, kept, symlinks=True) if path.is_dir() else shutil.copy2(path, kept)
    aside = home.root.with_name("kept")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    kept = Path(shutil.move(kept, aside / path.name))
    if path.is_file():
        path.chmod(0o600)
    harm(path)
    told = stage.run(home)
    undo = partial(_put_back, kept, path) if told.code else lambda: None
    # The message names the file, or the folder of it that is kept whole, and what to do.
    return Harmed(told, undo=undo, says=(path.name, "run again|restore|remove|roll"), is_sound=told.code == 0)


def _put_back(kept: Path, path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(kept, path)
