"""When a list is due: nightly, weekly, monthly, after_billing or a cron line, asked for a day. The hour is that of the run.

Which night runs, and that it runs, is Dagster's and the operator's matter.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from orchestration.base.errors import Telco360Error

NAMED = {"nightly": "0 0 * * *", "weekly": "0 0 * * 1", "monthly": "0 0 1 * *"}
AFTER_BILLING = "after_billing"
"""Once for each month, after the day on which its bills were in. That day is in the data, not in the calendar."""

PATTERN = r"^(nightly|weekly|monthly|after_billing|[0-9*/,-]+( [0-9*/,-]+){4})$"
"""What a schedule looks like."""

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))


class ScheduleError(Telco360Error, ValueError):
    """A text that is no schedule; the message says which field is wrong."""


@dataclass(frozen=True)
class Schedule:
    """The days of a schedule: months, days of the month, days of the week (0 and 7 are Sunday)."""

    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    is_any_day: bool
    is_any_weekday: bool

    @property
    def is_ever_due(self) -> bool:
        """Whether any day fits; a leap year has every day of the calendar."""
        return any(self.is_due(date(2028, 1, 1) + timedelta(n)) for n in range(366))

    def is_due(self, day: date) -> bool:
        """Whether it falls on the day; as cron has it, either day is enough where both kinds are named."""
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        fits = by_day or by_weekday if not (self.is_any_day or self.is_any_weekday) else by_day and by_weekday
        return day.month in self.months and fits


def read_schedule(text: str) -> Schedule:
    """The schedule that the text states: nightly, weekly (Mondays), monthly (the 1st) or the five fields of cron.

    Raises ScheduleError for anything else, and for a cron line that no day of any year fits.
    """
    fields = NAMED.get(text, text).split()
    if len(fields) != len(_FIELDS):
        raise ScheduleError(f"'{text}' is neither {', '.join(NAMED)} nor a cron line of five fields")
    _, _, days, months, weekdays = (_numbers(field, *bounds) for field, bounds in zip(fields, _FIELDS, strict=True))
    schedule = Schedule(days, months, frozenset(n % 7 for n in weekdays), fields[2] == "*", fields[4] == "*")
    if not schedule.is_ever_due:
        raise ScheduleError(f"no day of any year fits '{text}'; the list would never run")
    return schedule


def _numbers(text: str, name: str, least: int, greatest: int) -> frozenset[int]:
    """The numbers of one field: *, n, n-m, each with /step, several with commas."""
    numbers: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = ("*", "", "") if span == "*" else span.partition("-")
        try:
            low = least if first == "*" else int(first)
            high = greatest if first == "*" or (step and not last) else int(last or first)
            stride = int(step) if "/" in part else 1
        except ValueError as error:
            raise ScheduleError(f"{name}: '{part}' is no number, range or step") from error
        if not (least <= low <= high <= greatest and stride >= 1):
            raise ScheduleError(f"{name}: '{part}' is not within {least} to {greatest}")
        numbers.update(range(low, high + 1, stride))
    return frozenset(numbers)
