"""When dbt's tests look at all of history: after a first build or one by other code, when asked, and once in so many days.

Between, grains of long histories are tested from the last complete month on (`tests/dbt/generic/unique_grain.sql`).
"""

from datetime import date

from orchestration.base.files import replace_text
from orchestration.base.settings import Home

_MARK = "full_tests_passed.txt"
"""File beside the build that holds the business date of the last build whose full tests passed."""


def are_due(home: Home, day: date, every: int) -> bool:
    """Whether `every` days have gone by since full tests passed on this home's build, or they never did."""
    try:
        last = date.fromisoformat((home.warehouse / _MARK).read_text(encoding="utf-8").strip())
    except (FileNotFoundError, ValueError):
        return True
    return not 0 <= (day - last).days < every


def require(home: Home) -> None:
    """Has them be due until they have passed."""
    (home.warehouse / _MARK).unlink(missing_ok=True)


def passed(home: Home, day: date) -> None:
    """Notes that full tests passed on the build for this day."""
    replace_text(home.warehouse / _MARK, f"{day}\n")
