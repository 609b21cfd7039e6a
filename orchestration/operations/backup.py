"""A copy of what cannot be made again, and a home made from one.

Kept: the lake (deliveries as they were accepted, ledgers, models of scores), what is published (tag_changes look back by the
versions before), the history of runs, reading profiles, target lists in the home. Not kept, since a run makes it: the build
database, artefacts of dbt. Exports are for channels, which have them.

A backup is a folder of its own kind: `files/` as in the home, `backup.json` with the SHA-256 of each. The next one into the same
folder copies what is new and changed, and removes what is gone.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestration.base.errors import Telco360Error
from orchestration.base.files import replace_text, sha256_of, sync_tree
from orchestration.base.settings import Home
from orchestration.warehouse.build import run_lock

KEPT = ("roles.yml", "lake", "published", "profiles", "target_lists", "warehouse/dagster", "warehouse/logs")
INDEX, FILES, NOTE = "backup.json", "files", "last_backup.json"


class BackupError(Telco360Error, RuntimeError):
    """A backup that cannot be made or used. The message says why, and what to do; home and backup stay as they were."""


@dataclass(frozen=True)
class Backup:
    """What a backup holds: `made_at` in UTC, files by path in the home with size and SHA-256, links with where they lead."""

    made_at: str
    files: dict[str, tuple[int, str]]
    links: dict[str, str]

    @property
    def size(self) -> int:
        return sum(size for size, _ in self.files.values())


def back_up(home: Home, folder: Path, note: Callable[[str], None] = lambda text: None) -> Backup:
    """Copies the home into `folder`, and gives what it then holds. No run can work meanwhile.

    A file known from the backup before, of the same size and time of change, is not copied again. Raises BackupError for a folder
    within the home, or one that holds something else.
    """
    if folder.resolve().is_relative_to(home.root):
        raise BackupError(f"{folder} lies in the home that it would keep; name a folder on another disk")
    before = read_backup(folder) if (folder / INDEX).exists() else None
    if before is None and folder.exists() and any(folder.iterdir()):
        raise BackupError(f"{folder} holds something else than a backup; name an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    files: dict[str, tuple[int, str]] = {}
    links: dict[str, str] = {}
    with run_lock(home):
        for path in _kept(home):
            name = path.relative_to(home.root).as_posix()
            if path.is_symlink():
                links[name] = os.readlink(path)
                continue
            note(name)
            kept = folder / FILES / name
            known = before.files.get(name) if before else None
            files[name] = known if known and _is_same(path, kept) else _copied(path, kept)
        for name in set(before.files if before else ()) - set(files):
            (folder / FILES / name).unlink(missing_ok=True)
        made = Backup(datetime.now(UTC).isoformat(timespec="seconds"), files, links)
        sync_tree(folder)
        replace_text(folder / INDEX, json.dumps({"made_at": made.made_at, "files": files, "links": links}, indent=0))
        replace_text(home.warehouse / NOTE, json.dumps({"made_at": made.made_at, "folder": str(folder)}))
    return made


def read_backup(folder: Path) -> Backup:
    """What a backup says that it holds. Raises BackupError where the folder is none."""
    try:
        said = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        return Backup(said["made_at"], {name: (size, sha) for name, (size, sha) in said["files"].items()}, said["links"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{folder} is no backup: {INDEX} cannot be read ({error})") from error


def restore(folder: Path, home: Home, note: Callable[[str], None] = lambda text: None) -> Backup:
    """Makes an empty home from a backup, each file checked by its SHA-256. The next run builds what a backup does not hold.

    Raises BackupError where the home is not empty, or a file is gone or is not what was kept; the home is left empty then.
    """
    if home.root.exists() and any(home.root.iterdir()):
        raise BackupError(f"{home.root} is not empty; restore into an empty home: --home DIR")
    backup = read_backup(folder)
    home.root.mkdir(parents=True, exist_ok=True)
    home.root.chmod(0o700)
    try:
        for name, (_, sha) in backup.files.items():
            note(name)
            target = home.root / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                shutil.copy2(folder / FILES / name, target)
            except FileNotFoundError as error:
                raise BackupError(f"{folder / FILES / name} is gone from the backup; restore from another") from error
            if sha256_of(target) != sha:
                raise BackupError(f"{folder / FILES / name} is not what was kept; restore from another backup")
        for name, leads_to in backup.links.items():
            (home.root / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            (home.root / name).symlink_to(leads_to)
        sync_tree(home.root)
    except BaseException:
        for left in home.root.iterdir():
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
        raise
    return backup


def last_backup(home: Home) -> datetime | None:
    """When the home was last backed up; None where nothing tells."""
    try:
        return datetime.fromisoformat(json.loads((home.warehouse / NOTE).read_text(encoding="utf-8"))["made_at"])
    except (OSError, ValueError, KeyError):
        return None


def _kept(home: Home) -> Iterator[Path]:
    """Files and links to keep; locks and drafts are nobody's loss."""
    for part in KEPT:
        if (home.root / part).is_file():
            yield home.root / part
        for folder, _, names in os.walk(home.root / part):
            for name in sorted(names):
                if not name.startswith("."):
                    yield Path(folder) / name


def _is_same(path: Path, kept: Path) -> bool:
    if not kept.exists() or _is_database(path):
        return False
    ours, theirs = path.stat(), kept.stat()
    return ours.st_size == theirs.st_size and ours.st_mtime_ns == theirs.st_mtime_ns


def _copied(path: Path, kept: Path) -> tuple[int, str]:
    kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = kept.with_name(f".{kept.name}.draft")
    if _is_database(path):  # SQLite's own copy is whole, also while Dagster's page writes
        draft.unlink(missing_ok=True)
        with sqlite3.connect(path) as source, sqlite3.connect(draft) as target:
            source.backup(target)
        source.close()
        target.close()
    else:
        shutil.copy2(path, draft)
    os.replace(draft, kept)
    return kept.stat().st_size, sha256_of(kept)


def _is_database(path: Path) -> bool:
    return path.suffix == ".db"
