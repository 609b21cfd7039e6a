"""What was done about persons, chained by hashes: erased, restricted, held, told. One JSON file an act; none is ever changed.

No entry names a person: they hold digests, counts, and the request's id, by which the requester's file is found.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from orchestration.base.chain import Chain
from orchestration.base.settings import Home


def record(home: Home, action: str, request: str, **facts: Any) -> dict[str, Any]:
    """Adds an entry to the chain, and gives it with its hashes. `facts`: values of JSON."""
    entry = {"action": action, "request": request, "at": datetime.now(UTC).isoformat(timespec="seconds"), **facts}
    return _chain(home).add(entry, action)


def entries(home: Home, *actions: str) -> Iterator[dict[str, Any]]:
    """The entries of these actions, else all, in the order of the chain."""
    return (entry for entry in _chain(home).entries() if not actions or entry["action"] in actions)


def verify(home: Home) -> str | None:
    """The first entry that is not as it was written, in words; None where all are."""
    return _chain(home).verify()


def replaced_files(home: Home) -> dict[tuple[str, str], str]:
    """By path within the home and SHA-256 of before: what an erasure made of a file that another ledger has the checksum of."""
    return {
        (file["path"], file["before"]): file["after"]
        for entry in entries(home, "files_erased")
        for file in entry.get("files", ())
    }


def _chain(home: Home) -> Chain:
    return Chain(home.ledger / "privacy")
