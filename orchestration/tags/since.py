"""Since when a member carries the value that it has: from what changed between builds, else from the months kept. Pure."""

from collections.abc import Sequence
from datetime import date

from orchestration.base.words import Message
from orchestration.catalog.tags import as_text
from orchestration.tags.distance import UNKNOWN, number

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
            return Message.of("since_change", "{day}, before that {value}", day=day, value=before or UNKNOWN)
    if months:
        return _by_months(present, months)
    if not is_tracked:
        return Message.of("not_tracked", "not kept: builds note no change of it")
    if counted_from:
        return Message.of("no_change", "no change since the first build on {day}", day=counted_from)
    return Message.of("never_kept", "not known: no build before this one has kept it")


def _by_months(present: object, months: Months) -> str:
    """The month since whose end the value stands, no month missing between."""
    latest = months[0][0]
    if not _same(months[0][1], present):
        english = "after {month:%Y-%m}, when it was {value}"
        return Message.of("after_month", english, month=latest, value=as_text(months[0][1]) or UNKNOWN)
    first = latest
    for month, value in months[1:]:
        if _index(first) - _index(month) != 1:
            break
        if not _same(value, present):
            english = "{first:%Y-%m}, in {month:%Y-%m} it was {value}"
            return Message.of("since_month", english, first=first, month=month, value=as_text(value) or UNKNOWN)
        first = month
    if first == months[-1][0]:
        return Message.of("no_earlier_month", "{month:%Y-%m} or before: no earlier month is kept", month=first)
    return Message.of("or_before", "{month:%Y-%m} or before", month=first)


def _same(one: object, other: object) -> bool:
    # 1.50 and 1.5 are one figure: two tables may keep it to different decimals.
    return as_text(one) == as_text(other) or (number(one) is not None and number(one) == number(other))


def _index(month: date) -> int:
    return month.year * 12 + month.month
