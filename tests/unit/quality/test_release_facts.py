"""Facts of the release checks: rows as they were counted, and which values of a tag tell whether any lies outside."""

from types import SimpleNamespace

import duckdb
import pytest

from orchestration.quality.facts import add_rows
from orchestration.quality.limits import load_release_limits
from orchestration.quality.release_facts import outside_sql, table_row, telling_values
from orchestration.warehouse.checksums import TableFacts
from orchestration.warehouse.manifest import Model

LIMITS = load_release_limits()
MODEL = Model("people", "core", "people", meta={"never_empty": True})


def holding(rows):
    return SimpleNamespace(tables={} if rows is None else {"core.people": TableFacts(rows, "")})


@pytest.mark.parametrize(
    ("is_there", "before", "told"),
    [(True, 20, (1, 10, 1, 20, 0.5)), (True, 0, (1, 10, 1, 0, None)), (True, None, (1, 10, 1, None, None)),
     (False, 20, (0, 0, 1, 20, 0.0))],
)  # fmt: skip
def test_rows_of_a_table_are_those_of_the_candidate_beside_the_version_before(is_there, before, told):
    row = table_row("core.people", MODEL, is_there, holding(10), SimpleNamespace(contents=holding(before)), LIMITS)
    assert row == ("core.people", "", "", *told, LIMITS.min_kept_share)
    first = table_row("core.people", Model("people", "core", "people"), True, holding(10), None, LIMITS)
    assert first[3:] == (1, 10, 0, None, None, LIMITS.min_kept_share)


@pytest.mark.parametrize(
    ("kind", "values", "allowed", "least", "greatest"),
    [
        ("varchar", ["'gold'", "'mass'", "null"], ["gold", "mass"], None, None),
        ("varchar", ["'gold'", "'Gold'"], ["gold", "mass"], None, None),
        ("varchar", ["null"], [], None, None),
        ("boolean", ["true", "false"], ["true"], None, None),
        ("integer", ["0", "29", "null"], None, 0, 29),
        ("integer", ["0", "30", "3"], None, 0, 29),
        ("integer", ["3", "-1", "29"], None, 0, None),
        ("double", ["0.5", "'nan'::double"], None, 0, 1),
        ("double", ["0.5", "1.0000001"], None, None, 1),
        ("decimal(9, 2)", ["null"], None, 0, 1),
    ],
)
def test_values_that_tell_of_a_tag_tell_what_all_of_them_do(kind, values, allowed, least, greatest):
    condition = outside_sql("tag", allowed, least, greatest)
    with duckdb.connect() as db:
        db.execute(f"create table made (tag {kind})")
        db.execute(f"insert into made values {', '.join(f'({value})' for value in values)}")
        told = db.execute(f"select 1 from {telling_values('tag', allowed, 'made')} having bool_or({condition})").fetchall()
        (outside,) = db.execute(f"select count(*) from made where {condition}").fetchone()
    assert bool(told) is bool(outside)


def test_rows_of_facts_keep_what_is_missing_and_none_are_none():
    with duckdb.connect() as db:
        db.execute("create table facts (table_name varchar, detail varchar, share double, rows bigint)")
        add_rows(db, "facts", [])
        add_rows(db, "facts", iter([("a", None, 0.5, 3), ("b", None, None, None)]))
        assert db.execute("from facts order by all").fetchall() == [("a", None, 0.5, 3), ("b", None, None, None)]
