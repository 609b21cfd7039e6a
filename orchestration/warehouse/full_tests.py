"""When dbt's tests look at all of history: after a first build, one by other code or one that did not pass, when asked, and once
in so many days.

Between, grains of long histories are tested in months that are new or made anew (`tests/dbt/generic/unique_grain.sql`).
"""

from datetime import date

from orchestration.base.files import replace_text
from orchestration.base.settings import Home

_MARK = "full_tests_passed.txt"
"""File beside the build that holds the business date of the last build whose full tests passed. It is gone while a build is
tested, so that one which fails or is killed leaves none: months that it made anew are not new to the next."""


def last_passed(home: Home) -> date | None:
    """The business date of the last build whose full tests passed; None where there is none, or the last build did not pass."""
    try:
        return date.fromisoformat((home.warehouse / _MARK).read_text(encoding="utf-8").strip())
    except (FileNotFoundError, ValueError):
        return None


def are_due(last: date | None, day: date, every: int) -> bool:
    """Whether `every` days have gone by since full tests passed (`last_passed`), or they never did. Pure."""
    return last is None or not 0 <= (day - last).days < every


def begun(home: Home) -> None:
    """Notes that a build is being tested."""
    (home.warehouse / _MARK).unlink(missing_ok=True)


def passed(home: Home, last: date) -> None:
    """Notes that a build passed its tests, and for which business date full ones last did."""
    replace_text(home.warehouse / _MARK, f"{last}\n")
