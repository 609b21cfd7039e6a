"""What was done about persons, chained by hashes: erased, restricted, held, told. One JSON file an act; none is ever changed.

No entry names a person: they hold digests, counts, and the request's id, by which the requester's file is found.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.base.files import replace_text, sync_folder
from orchestration.base.settings import Home

BEGINNING = "0" * 64


def record(home: Home, action: str, request: str, **facts: Any) -> dict[str, Any]:
    """Adds an entry to the chain, and gives it with its hashes. `facts`: values of JSON."""
    files = _files(home)
    entry: dict[str, Any] = {"action": action, "request": request, "at": datetime.now(UTC).isoformat(timespec="seconds"), **facts}
    entry["previous_hash"] = json.loads(files[-1].read_text(encoding="utf-8"))["hash"] if files else BEGINNING
    entry["hash"] = entry_hash(entry)
    path = _folder(home) / f"{len(files) + 1:06}_{action}.json"
    replace_text(path, json.dumps(entry, indent=1, ensure_ascii=False) + "\n")
    sync_folder(path.parent)
    return entry


def entries(home: Home, *actions: str) -> Iterator[dict[str, Any]]:
    """The entries of these actions, else all, in the order of the chain."""
    for path in _files(home):
        entry = json.loads(path.read_text(encoding="utf-8"))
        if not actions or entry["action"] in actions:
            yield entry


def entry_hash(entry: Mapping[str, Any]) -> str:
    """SHA-256 of an entry without its own hash."""
    said = {name: value for name, value in entry.items() if name != "hash"}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def verify(home: Home) -> str | None:
    """The first entry that is not as it was written, in words; None where all are."""
    previous = BEGINNING
    for number, path in enumerate(_files(home), start=1):
        entry = json.loads(path.read_text(encoding="utf-8"))
        if not path.name.startswith(f"{number:06}_"):
            return f"{path}: entry {number} of the chain is missing"
        if entry["previous_hash"] != previous:
            return f"{path}: does not follow the entry before; that one, or this, was put in, left out or changed"
        if entry["hash"] != entry_hash(entry):
            return f"{path}: is not what was written; its content was changed"
        previous = entry["hash"]
    return None


def replaced_files(home: Home) -> dict[tuple[str, str], str]:
    """By path within the home and SHA-256 of before: what an erasure made of a file that another ledger has the checksum of."""
    return {
        (file["path"], file["before"]): file["after"]
        for entry in entries(home, "files_erased")
        for file in entry.get("files", ())
    }


def _folder(home: Home) -> Path:
    return home.ledger / "privacy"


def _files(home: Home) -> list[Path]:
    return sorted(_folder(home).glob("[0-9]*_*.json"))
