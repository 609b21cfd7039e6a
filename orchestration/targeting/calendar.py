"""Days on which no list of a channel goes out: holidays and other days of seed blackout_days, and what that does to a schedule.

A list whose day is such a one goes out on the first day after that is none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from orchestration.targeting.schedule import Schedule
from orchestration.warehouse.seeds import read_seed, seed_path

_DAY = timedelta(1)
_FURTHEST = 4 * 366  # days looked ahead: a list of 29 February goes out every four years


@dataclass(frozen=True)
class Blackout:
    """Days on which nothing goes out, both ends included. `channel` is empty where that holds for every channel."""

    first_day: date
    last_day: date
    channel: str
    name_en: str
    name_zh: str


@dataclass(frozen=True)
class Calendar:
    """All such days."""

    blackouts: tuple[Blackout, ...] = ()

    def blackout(self, channel: str, day: date) -> Blackout | None:
        """Why no list of the channel goes out on the day; None where one may."""
        held = (one for one in self.blackouts if one.channel in ("", channel))
        return next((one for one in held if one.first_day <= day <= one.last_day), None)

    def is_due(self, schedule: Schedule, channel: str, day: date) -> bool:
        """Whether a list of the schedule goes out on the day: it is open, and is a day of the schedule, or the first open one
        after such a day."""
        if self.blackout(channel, day):
            return False
        while not schedule.is_due(day):
            day -= _DAY
            if not self.blackout(channel, day):
                return False
        return True

    def next_day(self, schedule: Schedule, channel: str, day: date) -> date | None:
        """The first day from `day` on, that included, on which a list of the schedule goes out; None where none is in sight."""
        days = (day + timedelta(n) for n in range(_FURTHEST))
        return next((one for one in days if self.is_due(schedule, channel, one)), None)


def read_calendar() -> Calendar:
    """The days of the project's seed."""
    return Calendar(tuple(_blackouts()))


def _blackouts() -> Iterator[Blackout]:
    for row in read_seed(seed_path("blackout_days")):
        first, last = (date.fromisoformat(row[column]) for column in ("first_day", "last_day"))
        yield Blackout(first, last, row["channel"], row["name_en"], row["name_zh"])
