"""The SQL of tag families, run again on another version's tables: dates moved, tables named anew. Pure; `diff` runs it.

A definition is what a tag family's SQL says, with the seeds and the other families that it reads. Of the marts below, only what
they hold counts: a rule that changed there shows as changed data.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

import sqlglot
from sqlglot import exp

SEEDS = "seeds"
"""The schema of a version that holds the rule parameters it was built with, as dbt_project.yml names it."""

RECOMPUTED = "recomputed"
"""The schema that old definitions are computed into."""

MONTHS_MOVED = 120
"""Months from the business date within which the first of a month is one that moves with it; further ones are open ends."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def moved(sql: str, before: date, now: date) -> exp.Expr:
    """The statement with the business date and the months counted from it moved from one build's to another's.

    dbt writes these dates into the SQL as constants; with them moved, equal definitions read alike.
    """
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    for constant in list(tree.find_all(exp.Literal)):
        if constant.is_string and _DATE.fullmatch(constant.this):
            constant.replace(exp.Literal.string(_moved_date(date.fromisoformat(constant.this), before, now).isoformat()))
    return tree


def text_of(tree: exp.Expr) -> str:
    """The statement in one form: layout and comments make no difference."""
    return tree.sql("duckdb", comments=False, normalize=True)


def tables_of(tree: exp.Expr) -> list[exp.Table]:
    """The stored tables that the statement reads."""
    return [table for table in tree.find_all(exp.Table) if table.db]


def changed_families(old: Mapping[str, exp.Expr], new: Mapping[str, exp.Expr], is_same_seed: Callable[[str], bool]) -> list[str]:
    """Names of the old families whose definition changed: their own SQL, a seed that it reads, or a family that it reads.

    In the order in which they can be computed. One that is gone has changed; one that is new is of no concern.
    """
    read = {name: {t.name for t in tables_of(tree) if t.db != SEEDS and t.name in old} for name, tree in old.items()}
    seeds = {name: {t.name for t in tables_of(tree) if t.db == SEEDS} for name, tree in old.items()}
    changed = {n for n in old if n not in new or text_of(old[n]) != text_of(new[n]) or not all(map(is_same_seed, seeds[n]))}
    while more := {n for n in old if n not in changed and read[n] & changed}:
        changed |= more
    ordered: list[str] = []
    while left := [n for n in old if n in changed and n not in ordered]:
        ordered += [n for n in left if not read[n] & set(left)]
    return ordered


def on_version(tree: exp.Expr, version: str, seeds_of: str, recomputed: list[str]) -> str:
    """The statement on the tables of the attached version, with the seeds of another, and families already recomputed."""
    tree = tree.copy()
    for table in tables_of(tree):
        if table.db == SEEDS:
            catalog, schema = seeds_of, SEEDS
        elif table.name in recomputed:
            catalog, schema = "memory", RECOMPUTED
        else:
            catalog, schema = version, table.db
        table.set("catalog", exp.to_identifier(catalog, quoted=True))
        table.set("db", exp.to_identifier(schema, quoted=True))
    return tree.sql("duckdb")


def _moved_date(day: date, before: date, now: date) -> date:
    if day == before:
        return now
    distance = _index(day) - _index(_last_complete(before))
    if day.day != 1 or abs(distance) > MONTHS_MOVED:
        return day
    months = _index(_last_complete(now)) + distance
    return date(months // 12, months % 12 + 1, 1)


def _last_complete(as_of: date) -> date:
    """The first day of the last month that is complete on the date, as the macro of that name has it."""
    months = _index(as_of + timedelta(days=1)) - 1
    return date(months // 12, months % 12 + 1, 1)


def _index(day: date) -> int:
    return day.year * 12 + day.month - 1
