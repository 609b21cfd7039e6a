"""The audit trail: who had telco360 hand out, take back, change or remove what, and how it ended. A chain, a file an act.

It names no customer and no line: an act on a person is told by the id of the request, by which the journal has its digests.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orchestration.base.chain import Chain
from orchestration.base.roles import person
from orchestration.base.settings import Home

DONE = "done"


@dataclass
class Act:
    """What an act comes to, told while it goes on; `rows`: how many it handed out or changed, where it has any."""

    rows: int | None = None


def record(home: Home, action: str, of: str, rows: int | None = None, result: str = DONE) -> dict[str, Any]:
    """Adds a row to the trail, and gives it. `of`: what was acted on, never a person."""
    who = person(home)
    row = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "user": who.user,
        "role": who.said,
        "action": action,
        "of": of,
        "rows": rows,
        "result": result,
    }
    return trail(home).add(row, action)


@contextlib.contextmanager
def recorded(home: Home, action: str, of: str) -> Iterator[Act]:
    """Writes the act down when it has ended. One that failed is told by the kind of its error alone, since the text of one may
    name a person."""
    act = Act()
    try:
        yield act
    except BaseException as error:
        with contextlib.suppress(OSError):  # what failed is what is told
            if home.root.exists():
                record(home, action, of, act.rows, f"failed: {type(error).__name__}")
        raise
    record(home, action, of, act.rows)


def trail(home: Home) -> Chain:
    """The chain of all rows."""
    return Chain(home.ledger / "audit")
