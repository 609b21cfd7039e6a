"""What stands in a home, in lines for a person: what readers have and how old it is, the last run, what waits for the next."""

from collections.abc import Iterator
from datetime import date, datetime

from croniter import croniter

from orchestration.base import settings
from orchestration.base.settings import Home
from orchestration.engines.choose import engine
from orchestration.operations import doctor
from orchestration.pipeline import arrivals, automation
from orchestration.pipeline.run import today
from orchestration.targeting import ledger as list_ledger

Line = tuple[str, str]
"""A label and what it says."""


def lines(home: Home) -> Iterator[Line]:
    """All lines. Raises Telco360Error for settings that cannot be used."""
    current = engine(home).current()
    if current is None:
        yield "published", "nothing yet"
    else:
        yield "published", age(current.name, date.fromisoformat(current.contents.as_of), today())
        for table, dt in sorted(current.contents.stale.items()):
            yield "late", f"{table}, of which the last delivery was of {dt}"
        for text in current.contents.notes:
            yield "note", text
    for finding in doctor.last_run(home):
        yield finding.subject, finding.text
    known = arrivals.validated(home)
    waiting = sorted(key for key, mark in arrivals.complete_folders(home).items() if mark > known.get(key, datetime.min))
    yield "waiting", ", ".join(f"{table} {dt}" for table, dt in waiting) or "no delivery"
    exported = list_ledger.current_runs(home)
    if exported:
        last = max(run["run_date"] for run in exported)
        names = sorted(run["list_name"] for run in exported if run["run_date"] == last)
        yield "lists", f"{len(names)} exported on {last}: {', '.join(names)}"
    yield (
        "next run",
        f"{next_night(datetime.now(settings.timezone())):%Y-%m-%d %H:%M %Z} by Dagster's schedule, where its daemon runs",
    )


def age(name: str, as_of: date, now: date) -> str:
    """How old a version is, in words. Pure."""
    days = (now - as_of).days
    told = {0: "as of today", 1: "as of yesterday"}.get(days, f"as of {as_of}, {days:,} days ago")
    return f"{name}, {told}"


def next_night(now: datetime) -> datetime:
    """When the schedule starts the next run. Pure."""
    found: datetime = croniter(automation.AT_TWO, now).get_next(datetime)
    return found
