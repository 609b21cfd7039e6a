"""Since when a member carries the value that it has: from what changed between builds, else from the months kept. Pure."""

from collections.abc import Sequence
from datetime import date

from orchestration.catalog.tags import as_text
from orchestration.tags.distance import number

Changes = Sequence[tuple[date, str | None, str | None]]
"""Date of the build, value before, value after (texts, None for unknown), the earliest first."""

Months = Sequence[tuple[date, object]]
"""Any day of a month, the value at its end; the latest first."""


def since(
    present: object, changes: Changes, months: Months = (), counted_from: date | None = None, is_tracked: bool = True
) -> str:
    """Since when the present value stands, in words that say how it is known.

    `months` for tags that are kept by month. `counted_from`: date of the first build that is known to have looked at this tag.
    `is_tracked`: builds note when it changes.
    """
    if changes:
        day, before, after = changes[-1]
        if _same(after, present):
            return f"{day}, before that {before or 'unknown'}"
    if months:
        return _by_months(present, months)
    if not is_tracked:
        return "not kept: builds note no change of it"
    if counted_from:
        return f"no change since the first build on {counted_from}"
    return "not known: no build before this one has kept it"


def _by_months(present: object, months: Months) -> str:
    """The month since whose end the value stands, no month missing between."""
    latest = months[0][0]
    if not _same(months[0][1], present):
        return f"after {latest:%Y-%m}, when it was {as_text(months[0][1]) or 'unknown'}"
    first = latest
    for month, value in months[1:]:
        if _index(first) - _index(month) != 1:
            break
        if not _same(value, present):
            return f"{first:%Y-%m}, in {month:%Y-%m} it was {as_text(value) or 'unknown'}"
        first = month
    return f"{first:%Y-%m} or before: no earlier month is kept" if first == months[-1][0] else f"{first:%Y-%m} or before"


def _same(one: object, other: object) -> bool:
    # 1.50 and 1.5 are one figure: two tables may keep it to different decimals.
    return as_text(one) == as_text(other) or (number(one) is not None and number(one) == number(other))


def _index(month: date) -> int:
    return month.year * 12 + month.month
