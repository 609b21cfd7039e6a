"""All lists at a glance: what each is, where it lies, when it goes out next, what its runs came to.

Read from definitions and the ledger; no version need be published. How it is shown belongs to whoever asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from orchestration.base.settings import Home
from orchestration.targeting import ledger
from orchestration.targeting.calendar import Calendar, read_calendar
from orchestration.targeting.definition import TargetList
from orchestration.targeting.folder import list_files, list_folders, read_definitions
from orchestration.targeting.schedule import AFTER_BILLING, read_schedule

Run = Mapping[str, object]


@dataclass(frozen=True)
class ListState:
    """One list. `next_day`: the day on which it goes out next, None where that is not known: it waits for bills, or is not
    approved. `runs`: all of the ledger, refused and failed ones too, the last first."""

    definition: TargetList
    file: Path
    next_day: date | None
    runs: tuple[Run, ...] = ()

    @property
    def last(self) -> Run | None:
        """Its last run that was exported."""
        return next((run for run in self.runs if run["status"] == ledger.EXPORTED), None)


@dataclass(frozen=True)
class Overview:
    """The lists whose definition is sound, by name, and what is wrong with the others, a line a problem. `gone`: the runs of
    lists that have no file, by name, the last first: it was removed, or their runs were imported."""

    states: list[ListState]
    problems: tuple[str, ...] = ()
    gone: Mapping[str, tuple[Run, ...]] = field(default_factory=dict)


def overview(home: Home, today: date) -> Overview:
    """The state of all lists on a day."""
    folders = list_folders(home)
    found, files, calendar = read_definitions(*folders), list_files(*folders), read_calendar()
    runs: dict[str, list[Run]] = {}
    for run in ledger.runs(home).to_pylist():
        runs.setdefault(run["list_name"], []).insert(0, run)
    states = [
        ListState(d, files[name], next_day(d, today, runs.get(name, ()), calendar), tuple(runs.get(name, ())))
        for name, d in found.sound.items()
    ]
    return Overview(states, found.problems, {name: tuple(of_one) for name, of_one in runs.items() if name not in files})


def next_day(definition: TargetList, today: date, runs: tuple[Run, ...] | list[Run], calendar: Calendar) -> date | None:
    """The day on which an approved list goes out next, from today on; after today where it went out already. Pure."""
    if definition.status != "approved" or definition.schedule == AFTER_BILLING:
        return None
    is_done = any(run["status"] == ledger.EXPORTED and run["run_date"] == today for run in runs)
    return calendar.next_day(read_schedule(definition.schedule), definition.channel, today + timedelta(is_done))
