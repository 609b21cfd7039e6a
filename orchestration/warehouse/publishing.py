"""Published versions: one immutable file each, a symlink to the current one, and the way back.

Readers open `published/telco360.duckdb`. It moves in one rename, so that every opening sees one whole version or another.
Whatever dies half-way leaves it where it was.
"""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestration.base import modes
from orchestration.base.errors import WarehouseError
from orchestration.base.files import replace_text, sync_folder
from orchestration.base.settings import Home, timezone
from orchestration.base.words import Message
from orchestration.warehouse.candidate import Contents, candidate_path, facts_path, read_candidate

VERSIONS_KEPT = 7
PREFIX = "telco360_"


@dataclass(frozen=True)
class Version:
    """One published version. `name` is the file's stem, `run` its part that tells builds of one as_of apart."""

    name: str
    run: str
    made_at: str
    path: Path
    contents: Contents
    is_current: bool


def publish(home: Home, at: Callable[[str], None] = lambda step: None) -> Version:
    """Makes the approved candidate the current version; removes what `superseded` names.

    `at` is called with the name of each step before it is taken. Raises WarehouseError where no candidate stands or the
    release checks have not passed it.
    """
    contents = read_candidate(home)
    if not contents.is_approved:
        raise WarehouseError(f"{candidate_path(home)}: the release checks have not passed this candidate; it is not published")
    with _publish_lock(home):
        now = datetime.now(UTC)
        run = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        final = home.published / f"{PREFIX}{contents.as_of}_{run}.duckdb"
        facts = {"version": final.stem, "run": run} | made(contents.as_of, now, versions(home)) | contents.to_json()
        at("describe")
        replace_text(final.with_suffix(".json"), json.dumps(facts, indent=2))
        at("freeze")
        os.chmod(candidate_path(home), modes.file_mode("published") & 0o440)
        os.chmod(final.with_suffix(".json"), modes.file_mode("published"))
        at("name")
        os.rename(candidate_path(home), final)
        sync_folder(home.published)
        at("link")
        _point(home, final)
        at("tidy")
        facts_path(home).unlink(missing_ok=True)
        _prune(home)
    return _pointed_at(home)


def made(as_of: str, now: datetime, known: Iterable[Version] = ()) -> dict[str, Any]:
    """What a version's description says of its making: when (UTC), on which day of the operator, and how many days after its
    business date. It is told as made after the versions that are known, also where the clock was set back."""
    today = now.astimezone(timezone()).date()
    moment = max([now, *(datetime.fromisoformat(v.made_at) + timedelta(microseconds=1) for v in known)])
    return {"made_at": moment.isoformat(), "run_date": today.isoformat(), "age_days": (today - date.fromisoformat(as_of)).days}


def versions(home: Home) -> list[Version]:
    """The versions that stand, newest first. Raises WarehouseError, with its remedy, for one whose description cannot be read."""
    target = _target(home)
    found = [version for path in home.published.glob(f"{PREFIX}*.duckdb") if (version := _read(path, target))]
    return sorted(found, key=lambda v: v.made_at, reverse=True)


def current(home: Home) -> Version | None:
    """The version that readers get, None before the first."""
    return next((v for v in versions(home) if v.is_current), None)


def newest_before(known: list[Version], as_of: date) -> Version | None:
    """Of versions given newest first, the first of the latest business date before as_of; None where there is none."""
    earlier = [v for v in known if v.contents.as_of < as_of.isoformat()]
    return max(earlier, key=lambda v: (v.contents.as_of, v.made_at), default=None)


def named(known: list[Version], name: str) -> Version | None:
    """The version of that name or run; None where none such stands."""
    return next((v for v in known if name.removesuffix(".duckdb") in (v.name, v.run)), None)


def superseded(known: list[Version]) -> list[Version]:
    """Of versions given newest first, those that need stand no longer.

    What stays: the latest run of each of the last VERSIONS_KEPT business dates, so that running one date again and again costs no
    other date its version; the last VERSIONS_KEPT runs, to go back within a date; the current one; and the newest of the date
    before the last run's, which is asked again whenever a date is built again, however often.
    """
    latest: dict[str, Version] = {}
    for version in known:
        latest.setdefault(version.contents.as_of, version)
    dates = [latest[as_of] for as_of in sorted(latest, reverse=True)[:VERSIONS_KEPT]]
    memory = newest_before(known, date.fromisoformat(known[0].contents.as_of))
    kept = [*known[:VERSIONS_KEPT], *dates, memory]
    return [v for v in known if not v.is_current and v not in kept]


def rollback(home: Home, version: str | None = None) -> Version:
    """Makes an earlier version current: the named one (its name or run), else the one made before the current.

    Raises WarehouseError where there is no such version.
    """
    with _publish_lock(home):
        known = versions(home)
        names = ", ".join(v.name for v in known) or "none"
        if version is None:
            chosen = _before_current(home, known, names)
        else:
            asked = named(known, version)
            if asked is None:
                raise WarehouseError(f"'{version}' is no version that stands; there are: {names}")
            chosen = asked
        _point(home, chosen.path)
    return _pointed_at(home)


def _pointed_at(home: Home) -> Version:
    """The current version, just after it was made so."""
    version = current(home)
    if version is None:
        raise WarehouseError(f"{home.current} is gone: something else removed it meanwhile; run again")
    return version


def remove_leftovers(home: Home) -> None:
    """Removes what a publication that died may have left: a draft of the link, a description without its file.

    Raises WarehouseError where the version that readers had is gone, which no death of ours leaves.
    """
    with _publish_lock(home):
        _require_target(home)
        for path in [*home.published.glob(".link.*"), *home.published.glob(".*.draft")]:
            path.unlink(missing_ok=True)
        for path in home.published.glob(f"{PREFIX}*.json"):
            if not path.with_suffix(".duckdb").exists():
                path.unlink()


def _require_target(home: Home) -> None:
    target, known = _target(home), versions(home)
    if target is None or home.current.exists():
        return
    other = f"Give readers another version meanwhile: telco360 publish rollback {known[0].name}. " if known else ""
    raise WarehouseError(
        f"{home.current} leads to {target}, which is gone: readers have nothing to open. {other}Bring it back from a backup "
        f"(`telco360 restore`). Without one remove {home.current}: the next run publishes anew, and what tags were on the day of "
        f"the version is gone. Then run again"
    )


def _before_current(home: Home, known: list[Version], names: str) -> Version:
    now = next((v for v in known if v.is_current), None)
    if now is None:
        raise WarehouseError(f"{home.current}: nothing is published, so there is nothing to go back from")
    earlier = [v for v in known if v.made_at < now.made_at]
    if len(known) == 1:
        raise WarehouseError(f"{now.name} is the only version that stands: there is none to go back to. Readers keep it")
    if not earlier:
        raise WarehouseError(f"{now.name} is the oldest version that stands; name another to go to: {names}")
    return earlier[0]


def _point(home: Home, version: Path) -> None:
    draft = home.published / f".link.{os.getpid()}"
    draft.unlink(missing_ok=True)
    draft.symlink_to(version.name)  # relative: the home can be moved
    os.replace(draft, home.current)
    sync_folder(home.published)


def _prune(home: Home) -> None:
    for version in superseded(versions(home)):
        version.path.unlink()
        version.path.with_suffix(".json").unlink()


def _target(home: Home) -> str | None:
    try:
        return os.readlink(home.current)
    except FileNotFoundError:
        return None


def _read(path: Path, target: str | None) -> Version | None:
    note = path.with_suffix(".json")
    try:
        raw = json.loads(note.read_text(encoding="utf-8"))
        return Version(raw["version"], raw["run"], raw["made_at"], path, Contents.from_json(raw), path.name == target)
    except (OSError, ValueError, KeyError, TypeError) as error:
        if not path.exists():  # superseded, and removed while we look
            return None
        english = (
            "{note}: the description of a published version cannot be read ({error}); readers are served all the same. Bring the "
            "file back from a backup. Without one, remove {version} with it: what tags were on its day is gone then. Run again"
        )
        raise WarehouseError(
            Message.of("note_unreadable", english, note=note, error=type(error).__name__, version=path.name)
        ) from error


@contextlib.contextmanager
def _publish_lock(home: Home) -> Iterator[None]:
    # Held for moments only, so that a rollback need not wait for a build; waits for its turn.
    modes.make_folder(home.published, "published")
    with open(home.published / ".lock", "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
