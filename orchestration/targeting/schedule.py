"""On which days a list is due: nightly, weekly, monthly, after_billing or the days of a cron line, read by croniter.

A list goes out with the nightly run: it names days, never a time of its own. When that run starts is Dagster's and the operator's
matter.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache

from croniter import CroniterBadDateError, CroniterError, croniter

from orchestration.base.errors import Telco360Error
from orchestration.base.words import Message

NAMED = {"nightly": "* * * * *", "weekly": "* * * * 1", "monthly": "* * 1 * *"}
AFTER_BILLING = "after_billing"
"""Once for each month, after the day on which its bills were in. That day is in the data, not in the calendar."""

_NAMES = "mon tue wed thu fri sat sun jan feb mar apr may jun jul aug sep oct nov dec"
_FIELD = rf"(?:[0-9*/,#-]|L|{_NAMES.replace(' ', '|')})+"  # of croniter's letters not R and H, which draw a day by chance
PATTERN = rf"^(?:nightly|weekly|monthly|after_billing|{_FIELD}(?: {_FIELD}){{4}})$"
"""What a schedule looks like."""

TIMES = ("* *", "0 2")
"""Minutes and hours that a cron line may name: any, or those of the nightly run as the project schedules it."""

_FIELDS = {"minute": (0, 59), "hour": (0, 23), "day of the month": (1, 31), "month": (1, 12), "day of the week": (0, 7)}
_BACKWARDS = re.compile(r"(\d+)-(\d+)")
_NEAR = date(2028, 1, 1)  # a leap year has every day of the calendar


class ScheduleError(Telco360Error, ValueError):
    """A text that is no schedule; the message says which field is wrong."""


@dataclass(frozen=True)
class Schedule:
    """The days of a schedule. `cron` is its cron line with any minute and hour."""

    cron: str

    def is_due(self, day: date) -> bool:
        """Whether it falls on the day; as cron has it, either day is enough where both kinds are named."""
        return _falls_on(self.cron, day)


@lru_cache(maxsize=10_000)
def _falls_on(cron: str, day: date) -> bool:
    return bool(croniter.match(cron, datetime.combine(day, time())))


@lru_cache(maxsize=1_000)
def read_schedule(text: str) -> Schedule:
    """The schedule that the text states: nightly, weekly (Mondays), monthly (the 1st) or the five fields of cron.

    Raises ScheduleError for anything else, and for a cron line that no day of any year fits.
    """
    fields = NAMED.get(text, text).split()
    if len(fields) != len(_FIELDS):
        english = "'{given}' is neither {named} nor a cron line of five fields"
        raise ScheduleError(Message.of("no_schedule", english, given=text, named=", ".join(NAMED)))
    for place, (name, bounds) in enumerate(_FIELDS.items()):
        alone = " ".join(field if n == place else "*" for n, field in enumerate(fields))
        if not croniter.is_valid(alone) or any(int(low) > int(high) for low, high in _BACKWARDS.findall(fields[place])):
            english = "{field}: '{given}' is not within {low} to {high}"
            raise ScheduleError(Message.of("not_within", english, field=name, given=fields[place], low=bounds[0], high=bounds[1]))
    cron = " ".join(["*", "*", *fields[2:]])
    try:
        croniter(cron, datetime.combine(_NEAR, time())).get_next()
    except CroniterBadDateError as error:
        english = "no day of any year fits '{given}'; the list would never run"
        raise ScheduleError(Message.of("never_due", english, given=text)) from error
    except CroniterError as error:
        raise ScheduleError(Message.of("cron_unreadable", "'{given}': {error}", given=text, error=error)) from error
    return Schedule(cron)


def require_days_alone(text: str) -> None:
    """Raises ScheduleError where a schedule, one that read_schedule takes, names a time that no run would follow."""
    minute, hour, *days = NAMED.get(text, text).split()
    if f"{minute} {hour}" not in TIMES:
        raise ScheduleError(
            Message.of(
                "names_a_time",
                "'{given}' names a time, minute {minute} and hour {hour}, but lists go out with the nightly run. Name the days "
                "alone: '* * {days}'",
                given=text,
                minute=minute,
                hour=hour,
                days=" ".join(days),
            )
        )
