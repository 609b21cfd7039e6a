"""How old the data of a version is on the day on which lists go out, and in which words that is said. Pure."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class DataAge:
    """The business date of the data, the day of the run, and the days between them past which a list warns or is refused."""

    as_of: date
    today: date
    warning_days: int = 1
    max_days: int = 1

    @property
    def days(self) -> int:
        return data_age(self.as_of, self.today)

    @property
    def warning(self) -> str:
        """One sentence where the data is older than a list takes without a word; empty otherwise."""
        return f"{self._sentence}." if self.days > self.warning_days else ""

    def refusal(self, own_limit: int | None = None) -> str:
        """Why a list is refused, and what to do; empty where its own limit, else max_days, allows the age."""
        limit = self.max_days if own_limit is None else own_limit
        if self.days <= limit:
            return ""
        return (
            f"{self._sentence}; this list takes at most {limit}. Deliver the days that are missing and run again. To export it "
            f"all the same, set max_data_age_days in the list, or run `telco360 lists export NAME --accept-old-data`"
        )

    @property
    def _sentence(self) -> str:
        days = "1 day" if self.days == 1 else f"{self.days:,} days"
        return f"the data is of {self.as_of}, {days} before the run of {self.today}"


def data_age(as_of: date, today: date) -> int:
    """Days from the business date of the data to the day of the run; 0 where the data is of that day or a later one."""
    return max((today - as_of).days, 0)
