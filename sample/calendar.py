"""Days and months as whole numbers: days since 1970-01-01, months since 1970-01. No business rule belongs here."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

DAY_MICROSECONDS = 86_400_000_000


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def month_of(days: npt.ArrayLike) -> np.ndarray:
    """The month of each day."""
    return np.asarray(days, "M8[D]").astype("M8[M]").astype(np.int32)


def first_day(months: npt.ArrayLike) -> np.ndarray:
    """The first day of each month."""
    return np.asarray(months, "M8[M]").astype("M8[D]").astype(np.int32)


def stamps(days: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Microseconds since 1970 of a second of each day."""
    return days.astype(np.int64) * DAY_MICROSECONDS + seconds.astype(np.int64) * 1_000_000


@dataclass(frozen=True)
class Window:
    """The months that the operator tells of, the last one being that of its last day.

    `months`: how many; `last_day`: the business date of the last delivery; `first_load`: the date of the first.
    """

    months: int
    last_day: int
    first_load: int

    @property
    def last_month(self) -> int:
        return int(month_of(self.last_day))

    @property
    def first_month(self) -> int:
        return self.last_month - self.months + 1

    @property
    def start(self) -> int:
        return int(first_day(self.first_month))

    @property
    def is_last_complete(self) -> bool:
        return int(first_day(self.last_month + 1)) - 1 == self.last_day

    @property
    def last_complete(self) -> int:
        """The last month of which every day is told."""
        return self.last_month if self.is_last_complete else self.last_month - 1

    @property
    def deliveries(self) -> list[date]:
        """The dt of every delivery, the first load's first."""
        return [date.fromordinal(date(1970, 1, 1).toordinal() + d) for d in range(self.first_load, self.last_day + 1)]
