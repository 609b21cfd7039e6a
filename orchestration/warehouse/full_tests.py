"""When dbt's tests look at all of history: after a first build, one by other code or one that did not pass, when asked, and once
in so many days.

Between, grains of long histories are tested in months that are new or made anew (`tests/dbt/generic/unique_grain.sql`).
"""

from datetime import date

from orchestration.base.files import replace_text
from orchestration.base.settings import Home

_PASSED = "full_tests_passed.txt"
"""File beside the build that holds the business date of the last build whose full tests passed."""

_BEGUN = "tests_begun.txt"
"""File that is there while a build is tested. One that failed or was killed leaves it: months that it made anew are not new to
the next."""


def are_due(home: Home, day: date, every: int) -> bool:
    """Whether `every` days have gone by since full tests passed on this home's build, or they never did."""
    try:
        last = date.fromisoformat((home.warehouse / _PASSED).read_text(encoding="utf-8").strip())
    except (FileNotFoundError, ValueError):
        return True
    return not 0 <= (day - last).days < every


def begun(home: Home, *, is_changed: bool) -> None:
    """Notes that a build is tested. Full tests are due, until they pass, where it is by other code or the one before did not
    pass."""
    flag = home.warehouse / _BEGUN
    if is_changed or flag.exists():
        (home.warehouse / _PASSED).unlink(missing_ok=True)
    replace_text(flag, "")


def passed(home: Home, day: date, *, were_full: bool) -> None:
    """Notes that the build for this day passed its tests, and whether these were full ones."""
    if were_full:
        replace_text(home.warehouse / _PASSED, f"{day}\n")
    (home.warehouse / _BEGUN).unlink(missing_ok=True)
