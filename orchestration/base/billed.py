"""Which month money stands for: the last billed one, in words that a run, a list and a preview share. Pure.

Which months are billed is the model's to say (`serves: months`); here its rows are only put into words.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

COLUMNS = "month, is_complete_month, is_billed, closed_on, billed_share, deliveries_after_closing"


def months_sql(relation: str) -> str:
    """The query for the rows that `billed_months` takes."""
    return f"select {COLUMNS} from {relation} order by month"


@dataclass(frozen=True)
class BilledMonths:
    """`last`: the last billed month, with the day on which it closed; None while none is. `waiting`: complete months that are not
    billed, each with the share of lines that are (None where none is expected). `corrected`: billed months with later charges."""

    last: date | None = None
    closed_on: date | None = None
    waiting: tuple[tuple[date, float | None], ...] = ()
    corrected: tuple[date, ...] = ()

    def __str__(self) -> str:
        """One sentence, such as: value as of 2026-09 (2026-10 is not billed yet: 43 % of its lines are)."""
        said = f"value as of {self.last:%Y-%m}" if self.last else "no month is billed yet, so there is no value"
        waiting = [
            f"{month:%Y-%m} is not billed yet" + (f": {share:.0%} of its lines are" if share is not None else "")
            for month, share in self.waiting
        ]
        return f"{said} ({'; '.join(waiting)})" if waiting else said


def billed_months(rows: Iterable[tuple[Any, ...]]) -> BilledMonths:
    """What the rows of `months_sql` say."""
    months = [row for row in rows if row[1]]
    billed = [row for row in months if row[2]]
    return BilledMonths(
        last=billed[-1][0] if billed else None,
        closed_on=billed[-1][3] if billed else None,
        waiting=tuple((row[0], row[4]) for row in months if not row[2]),
        corrected=tuple(row[0] for row in billed if row[5]),
    )
