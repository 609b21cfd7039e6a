"""Chains of hashes: each entry covers itself and, by the hash before, all that came before it. What is changed, left out or put
in is noticed; that the last entries are gone is not, but by who keeps a hash of them elsewhere, such as in a backup.

A `Chain` keeps its entries as JSON, a file each, none of which is ever changed; what keeps its own in another form, as the ledger
of lists, uses `digest` and `fault`.
"""

import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.base.files import make_lasting_folder, replace_text

BEGINNING = "0" * 64
"""What the first entry has for the hash of the one before."""


def digest(said: Mapping[str, Any]) -> str:
    """SHA-256 of what an entry says, in hex; `said`: values of JSON, without the entry's own hash."""
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def fault(path: Path, number: int, of: str, hashes: tuple[str, str, str], previous: str, kind: str = "entry") -> str | None:
    """What is wrong with the entry of that number, in words; None where nothing is. `of`: what it is called; `hashes`: the hash
    before that it names, its own, and that of what it says; `previous`: the hash of the entry before. Pure."""
    if not path.name.startswith(f"{number:06}_"):
        return f"{path}: {kind} {number} of the chain is missing"
    names_before, own, found = hashes
    if names_before != previous:
        return f"{of}: does not follow the {kind} before; that one, or this, was put in, left out or changed"
    if own != found:
        return f"{of}: is not what was written; its content was changed"
    return None


@dataclass(frozen=True)
class Chain:
    """Entries in a folder, in the order of their numbers."""

    folder: Path

    def add(self, entry: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Adds an entry, and gives it with its hashes; `name` goes into the name of its file. A second writer waits."""
        make_lasting_folder(self.folder)
        with open(self.folder / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            files = self._files()
            made = dict(entry)
            made["previous_hash"] = _read(files[-1])["hash"] if files else BEGINNING
            made["hash"] = entry_hash(made)
            replace_text(self.folder / f"{len(files) + 1:06}_{name}.json", json.dumps(made, indent=1, ensure_ascii=False) + "\n")
        return made

    def entries(self) -> Iterator[dict[str, Any]]:
        """All entries, in the order of the chain."""
        return map(_read, self._files())

    def verify(self) -> str | None:
        """The first entry that is not as it was written, in words; None where all are."""
        previous = BEGINNING
        for number, path in enumerate(self._files(), start=1):
            try:
                entry = _read(path)
                hashes = (entry["previous_hash"], entry["hash"], entry_hash(entry))
            except (OSError, ValueError, KeyError, TypeError) as error:
                return f"{path}: cannot be read as an entry: {error}"
            if wrong := fault(path, number, str(path), hashes, previous):
                return wrong
            previous = entry["hash"]
        return None

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("[0-9]*_*.json"))


def entry_hash(entry: Mapping[str, Any]) -> str:
    """SHA-256 of an entry of a Chain without its own hash."""
    return digest({name: value for name, value in entry.items() if name != "hash"})


def _read(path: Path) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return entry
