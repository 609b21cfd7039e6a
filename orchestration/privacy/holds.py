"""Legal holds: what may neither be erased nor go by retention until it is lifted. A person, or a kind of data of retention."""

from orchestration.base import journal
from orchestration.base.keys import Keys
from orchestration.base.settings import Home
from orchestration.privacy.subject import PersonError, Subject

HOLD, LIFT = "hold", "lift"


def hold_person(home: Home, keys: Keys, subject: Subject, request: str, action: str = HOLD) -> None:
    """Holds a person, or lifts the hold; the journal keeps digests alone."""
    journal.record(home, action, request, digests=subject.digests(keys), key=keys.current)


def hold_kind(home: Home, kind: str, request: str, action: str = HOLD) -> None:
    """Holds a kind of data, as retention names it, or lifts the hold."""
    journal.record(home, action, request, kind=kind)


def held_kinds(home: Home) -> dict[str, str]:
    """Kinds of data that are held, each with the request that holds it."""
    held: dict[str, str] = {}
    for entry in journal.entries(home, HOLD, LIFT):
        if "kind" in entry:
            held.pop(entry["kind"], None)
            if entry["action"] == HOLD:
                held[entry["kind"]] = entry["request"]
    return held


def require_not_held(home: Home, keys: Keys, subject: Subject) -> None:
    """Raises PersonError, naming the request, where the person is held."""
    held: dict[str, str] = {}
    for entry in journal.entries(home, HOLD, LIFT):
        for digest in entry.get("digests", ()):
            held.pop(digest, None)
            if entry["action"] == HOLD:
                held[digest] = entry["request"]
    for kind, one in subject.ids:
        for key_id in keys.by_id:
            if request := held.get(keys.digest(kind, one, key_id)):
                raise PersonError(
                    f"the data of {one} is held for request {request}: it may not be erased. When the hold ends, run "
                    f"`telco360 privacy hold {one} --lift --request ID`, then erase again"
                )
