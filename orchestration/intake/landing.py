"""What lies in landing: folders of deliveries, their files, and what _SUCCESS says about them. Looks, and changes nothing.

Only the form of a delivery belongs here: names, kinds of files, the manifest. What is in the files is read elsewhere.
"""

import errno
import json
import os
import re
import stat
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from orchestration.intake.errors import TRIED_AGAIN, Rejected

SUCCESS = "_SUCCESS"
CONFIRMED = "removals_confirmed"
CLOSED = "closed_bill_months"
DATA_SUFFIXES = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True)
class Folder:
    """A folder landing/<table>/dt=…/ with a valid date."""

    table: str
    dt: date
    path: Path


@dataclass(frozen=True)
class Scan:
    """What a look at landing found. `complete` and `incomplete` hold folders; `skipped` says what is no delivery, and why."""

    complete: list[Folder]
    incomplete: list[Folder]
    skipped: list[str]


@dataclass(frozen=True, order=True)
class Entry:
    """A file of a delivery as the file system tells it."""

    name: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Listing:
    """A delivery's files at one moment. Two listings are equal when nothing changed between them.

    `data`: the files to read, by name. `success`: the marker, None while it is missing. `problem`: what may not lie there, if
    anything does.
    """

    data: tuple[Entry, ...]
    success: Entry | None
    problem: str = ""


def scan(landing: Path, tables: set[str]) -> Scan:
    """All deliveries under `landing`, by table and date. Names starting with . or _ are passed over without a word."""
    found = Scan([], [], [])
    for entry in _entries(landing):
        where = f"landing/{_printable(entry.name)}"
        if entry.name not in tables:
            found.skipped.append(f"{where}: no table of the contract; skipped. Name the folder as its table")
        elif not entry.is_dir(follow_symlinks=False):
            found.skipped.append(f"{where}: no folder; skipped. Deliver into landing/<table>/dt=YYYY-MM-DD/")
        else:
            _scan_table(entry.name, Path(entry.path), found)
    return found


def _scan_table(table: str, path: Path, found: Scan) -> None:
    try:
        entries = _entries(path)
    except OSError as error:
        found.skipped.append(f"landing/{table}: cannot be read ({error.strerror}); skipped. Let intake read it")
        return
    for entry in entries:
        dt = _date_of(entry.name)
        if dt is None or not _is_folder(entry):
            found.skipped.append(
                f"landing/{table}/{_printable(entry.name)}: no folder named dt=<valid date>; skipped. Name it dt=YYYY-MM-DD"
            )
            continue
        folder = Folder(table, dt, Path(entry.path))
        (found.complete if _has_marker(folder.path) else found.incomplete).append(folder)


def listing(folder: Path) -> Listing:
    """The delivery's files as they are now. Raises FileNotFoundError where the folder is gone."""
    data, success, problem = [], None, ""
    if folder.is_symlink():
        problem = "the folder is a link. Deliver the files themselves"
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: os.fsencode(e.name)):
            is_marker = entry.name == SUCCESS
            if entry.name.startswith((".", "_")) and not is_marker:
                continue
            status = entry.stat(follow_symlinks=False)
            problem = problem or _problem(entry.name, status.st_mode, is_marker)
            found = Entry(_printable(entry.name), status.st_size, status.st_mtime_ns)
            if is_marker:
                success = found
            else:
                data.append(found)
    if not data:
        problem = problem or "no data file. Deliver at least one, with a header row if there are no rows to tell"
    return Listing(tuple(data), success, problem)


@dataclass(frozen=True)
class Manifest:
    """What _SUCCESS says. `files`: {name: {"rows": int, "sha256": hex}}, both optional; None where it names no files.

    `removals_confirmed`: rows of the snapshot before that this one lacks were removed on purpose. `closed_bill_months`: months
    whose bills are in, by their first days.
    """

    files: dict[str, dict[str, Any]] | None = None
    removals_confirmed: bool = False
    closed_bill_months: tuple[date, ...] = ()


def read_manifest(path: Path) -> Manifest:
    """What _SUCCESS says; nothing where it is empty. Raises Rejected for anything else than nothing or a manifest."""
    try:
        text = path.read_bytes().decode("utf-8-sig").strip()
        manifest = json.loads(text, object_pairs_hook=_without_repeats) if text else None
    except OSError as error:
        raise Rejected(f"_SUCCESS: cannot be read ({error.strerror}). {TRIED_AGAIN}") from error
    except (ValueError, RecursionError) as error:
        raise _bad_manifest("is no JSON") from error
    if manifest is None and not text:
        return Manifest()
    if not isinstance(manifest, dict) or not {"files", CONFIRMED, CLOSED} & manifest.keys():
        raise _bad_manifest('holds no "files"')
    files, is_confirmed = manifest.get("files"), manifest.get(CONFIRMED, False)
    if not isinstance(is_confirmed, bool):
        raise _bad_manifest(f"says neither true nor false as {CONFIRMED}")
    if "files" in manifest and not isinstance(files, dict):
        raise _bad_manifest('holds no "files"')
    for name, told in (files or {}).items():
        if not isinstance(told, dict):
            raise _bad_manifest(f"says of {name} neither rows nor sha256")
        rows, sha256 = told.get("rows"), told.get("sha256")
        if rows is not None and (isinstance(rows, bool) or not isinstance(rows, int) or rows < 0):
            raise _bad_manifest(f"names no count as rows of {name}")
        if sha256 is not None and not (isinstance(sha256, str) and re.fullmatch("[0-9a-fA-F]{64}", sha256)):
            raise _bad_manifest(f"names no SHA-256 as sha256 of {name}")
    return Manifest(files, is_confirmed, _closed_months(manifest.get(CLOSED, [])))


def _closed_months(months: Any) -> tuple[date, ...]:
    """The months of a list such as ["2026-10"], by their first days. Raises Rejected for anything else."""
    try:
        return tuple(sorted({datetime.strptime(month, "%Y-%m").date() for month in list(months)}))
    except (TypeError, ValueError) as error:
        raise _bad_manifest(f'names no months as {CLOSED}, such as ["2026-10"]') from error


def check_manifest_files(manifest: dict[str, dict[str, Any]] | None, names: list[str]) -> None:
    """Raises Rejected unless the manifest, if there is one, names exactly the files that are there."""
    if manifest is None:
        return
    gone, more = sorted(manifest.keys() - set(names)), sorted(set(names) - manifest.keys())
    if gone:
        raise Rejected(f"_SUCCESS names {', '.join(gone)}, which the delivery lacks. Deliver all files, _SUCCESS last")
    if more:
        raise Rejected(
            f"_SUCCESS does not name {', '.join(more)}, which the delivery holds. Deliver the folder again, _SUCCESS last"
        )


def check_manifest_of_file(
    manifest: dict[str, dict[str, Any]] | None, name: str, sha256: str | None = None, rows: int | None = None
) -> None:
    """Raises Rejected where the manifest tells another SHA-256 or another number of rows of the file."""
    told = (manifest or {}).get(name, {})
    if sha256 is not None and told.get("sha256") is not None and told["sha256"].lower() != sha256:
        raise Rejected(f"{name}: its SHA-256 is {sha256}, _SUCCESS says {told['sha256']}. Deliver the file again, whole")
    if rows is not None and told.get("rows") is not None and told["rows"] != rows:
        raise Rejected(f"{name}: {rows} rows, _SUCCESS says {told['rows']}. Deliver the file again, whole")


def _has_marker(folder: Path) -> bool:
    """Whether _SUCCESS is there, or nobody may look: then reading the delivery will tell why not."""
    try:
        os.lstat(folder / SUCCESS)
    except OSError as error:
        return error.errno == errno.EACCES
    return True


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted((e for e in entries if not e.name.startswith((".", "_"))), key=lambda e: os.fsencode(e.name))


def _date_of(name: str) -> date | None:
    match = re.fullmatch(r"dt=([0-9]{4}-[0-9]{2}-[0-9]{2})", name)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def _problem(name: str, mode: int, is_marker: bool) -> str:
    shown = _printable(name)
    if stat.S_ISLNK(mode):
        return f"{shown}: a link. Deliver the file itself"
    if stat.S_ISDIR(mode):
        return f"{shown}: a folder within the delivery. Put all files into the dt folder itself"
    if not stat.S_ISREG(mode):
        return f"{shown}: no regular file. Deliver files only"
    if is_marker:
        return ""
    if shown != name:
        return f"{shown}: the file name is not UTF-8. Rename it"
    if not name.lower().endswith(DATA_SUFFIXES):
        return f"{shown}: no {', '.join(DATA_SUFFIXES[:-1])} or {DATA_SUFFIXES[-1]} file. Deliver no other files"
    return ""


def _printable(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a name comes twice")
    "".join(names).encode()  # half a character, as JSON can escape one, is a ValueError here: no text may hold it
    return dict(pairs)


def _bad_manifest(what: str) -> Rejected:
    return Rejected(f'_SUCCESS: {what}; it must be empty or like {{"files": {{"part-0.csv": {{"rows": 812, "sha256": "…"}}}}}}')
