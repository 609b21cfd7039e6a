"""The one query that matches all lists of a run: what its template is given, for DuckDB and for Spark, and nothing that runs it.

What follows from the matches (who of several lists gets a line, who is held back, where a limit cuts) is `decisions`'. Which
tables hold what is told from outside, by dbt meta.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from orchestration.engines.tables import Relations
from orchestration.targeting.contact_rules import Caps, Repeats
from orchestration.targeting.definition import OFFER_WORTH, Conditions, Order, TargetList
from orchestration.targeting.expression import Change, Day, Past
from orchestration.targeting.templates import sql

KEPT = ("manager_id", "value_tier", "region_code", "tenure_band", "is_at_risk")
"""Tags that the ledger freezes beside each member, null where the version has none such."""

BALANCED = ("value_score", "tenure_months")
"""Numbers by which two arms are compared, beside region_code."""

HELD_OUT = "is_universal_control"
"""The flag of those whom no campaign reaches; without it nothing is exported."""

_TYPES = dict.fromkeys((HELD_OUT, "is_at_risk"), "boolean") | dict.fromkeys(BALANCED, "double")
"""What a tag is read as, or a null of where the version lacks it; text where not named."""


@dataclass(frozen=True)
class Asked:
    """One list as the query asks for it: its number in the run, and what decides who matches, in which order, who is capped, and
    who is on it once more."""

    number: int
    definition: TargetList
    conditions: Conditions
    caps: Caps
    repeats: Repeats


def matches_sql(
    asked: Sequence[Asked], relations: Relations, present: Iterable[str], run_date: date, as_of: date, dialect: str = "duckdb"
) -> str:
    """The query for everyone whom a list matches: one row a list and subscriber.

    Columns: list_number, subscriber_id, offer_code (what the list puts to the line), reason (one of ledger.STEPS up to capped, or
    null), place in the list's order from 1, HELD_OUT, KEPT and BALANCED. `present` are the columns of tag_values.
    """
    return sql(
        "matches",
        dialect,
        **lines_given([a.conditions for a in asked], relations, as_of, run_date),
        lists=[_listed(a, dialect) for a in asked],
        run_date=run_date,
        refused_after=run_date - timedelta(asked[0].repeats.refused_days),
        puts_offers=any(a.definition.offer for a in asked),
        channels=sorted({a.definition.channel for a in asked}),
        spans=[days for days, _ in asked[0].caps.by_days],
        kept={column: _TYPES.get(column, "string") for column in (HELD_OUT, *KEPT, *BALANCED)},
        present=frozenset(present),
        order_tags=list(dict.fromkeys(tag for a in asked for tag in a.definition.order_tags)),
        worth=OFFER_WORTH if any(a.definition.is_by_worth for a in asked) else None,
        order=_order(asked),
    )


def cells_sql(
    asked: Asked, relations: Relations, run_date: date, as_of: date, said_tags: Sequence[str], dialect: str = "duckdb"
) -> str:
    """The query for what a file shows of those who match, in no order: subscriber_id, phone, the list's columns, `said_tags`, of
    which scripts and reasons are made, and the first of the offers open to each, where a script names it."""
    return sql(
        "cells",
        dialect,
        **lines_given([asked.conditions], relations, as_of, run_date),
        columns=asked.definition.columns,
        said_tags=said_tags,
        says_best=asked.definition.says_best,
        run_date=run_date,
        condition=asked.conditions.sql(dialect),
    )


def months_sql(relations: Relations) -> str:
    """The query for the months that the past of tags is kept for."""
    return f"select distinct month from {relations.tag_history}"


def lines_given(conditions: Sequence[Conditions], relations: Relations, as_of: date, run_date: date) -> dict[str, object]:
    """What templates are given for macro lines_ctes: all tags of each subscriber, and the moments that the conditions ask for."""
    moments = sorted({m for each in conditions for c in each.all for m in c.moments}, key=lambda m: m.column)
    pasts = [m for m in moments if isinstance(m, Past)]
    return {
        "relations": relations,
        "as_of": as_of,
        "months": [
            {"alias": f"month_{month:%Y_%m}", "month": month, "pasts": [past for past in pasts if past.month == month]}
            for month in sorted({past.month for past in pasts})
        ],
        "changes": [m for m in moments if isinstance(m, Change)],
        "days": [{"column": m.column, "day": run_date + timedelta(m.after)} for m in moments if isinstance(m, Day)],
    }


def _listed(asked: Asked, dialect: str) -> dict[str, object]:
    definition = asked.definition
    return {
        "number": asked.number,
        "channel": definition.channel,
        "name": definition.name,
        "offer": None if definition.takes_best else definition.offer,
        "takes_best": definition.takes_best,
        "caps": asked.caps.by_days,
        "condition": asked.conditions.sql(dialect),
    }


def _order(asked: Sequence[Asked]) -> list[dict[str, object]]:
    """The steps of every list's order, each with the numbers of the lists that have it at this place."""
    numbers: dict[tuple[Order, ...], list[int]] = {}
    for a in asked:
        numbers.setdefault(a.definition.order_by, []).append(a.number)
    return [{"tag": step.tag, "descending": step.descending, "numbers": own} for steps, own in numbers.items() for step in steps]
