"""Conditions that nobody can meet are named, and none that somebody could."""

import random

import duckdb
import pytest

from orchestration.catalog.tags import Catalog, Tag
from orchestration.targeting.contradictions import contradictions
from orchestration.targeting.expression import parse

TAGS = {
    "a": Tag("a", "subscriber", "m", "number", data_type="decimal(18,2)", is_historic=True),
    "n": Tag("n", "subscriber", "m", "number", data_type="integer"),
    "d": Tag("d", "subscriber", "m", "date", data_type="date"),
    "f": Tag("f", "subscriber", "m", "flag", data_type="boolean", is_tracked=True),
    "t": Tag("t", "subscriber", "m", "tier", data_type="varchar", values=dict.fromkeys(("x", "y", "z"), "")),
    "c": Tag("c", "subscriber", "m", "code", data_type="varchar"),
}
CATALOG = Catalog({"subscriber": TAGS})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("n between 12 and 4", "n between 12 and 4"),
        ("d between '2026-01-31' and '2026-01-01'", "d between '2026-01-31' and '2026-01-01'"),
        ("f and a > 80 and a < 30", "a > 80 and a < 30"),
        ("80 < a and not a >= 30", "80 < a and not a >= 30"),
        ("f and not f", "f and not f"),
        ("f = true and f = false", "f = true and f = false"),
        ("not (f or not f)", "not f and f"),
        ("t = 'x' and t in ('y', 'z')", "t = 'x' and t in ('y', 'z')"),
        ("t not in ('x', 'y', 'z')", "not t in ('x', 'y', 'z')"),
        ("c = 'p' and c <> 'p'", "c = 'p' and c <> 'p'"),
        ("a is null and a > 3", "a is null and a > 3"),
        ("a is null and a is not null", "a is null and not a is null"),
        ("n > 4 and n < 5", "n > 4 and n < 5"),
        ("d > '2026-01-01' and d < '2026-01-02'", "d > '2026-01-01' and d < '2026-01-02'"),
        ("a > 5 and (a < 3 or a < 4)", "a > 5 and a < 3"),
        ("f or (a > 5 and a < 3)", "a > 5 and a < 3"),
        ("(t = 'x' or n between 3 and 1) and t = 'y'", "t = 'y' and t = 'x'"),
        ("was(a, '2026-02') > 3 and was(a, '2026-02') < 2", "was(a, '2026-02') > 3 and was(a, '2026-02') < 2"),
        ("changed(f, 3) and not changed(f, 3)", "changed(f, 3) and not changed(f, 3)"),
    ],
)
def test_a_part_that_nobody_can_meet_is_named(text, named):
    assert contradictions(text, CATALOG)[0].lower() == named


@pytest.mark.parametrize(
    "text",
    [
        "a > 4 and a < 5", "n between 4 and 4", "a >= 3 and a <= 3", "f or not f", "t <> 'x' and t <> 'y'", "a is null or a > 3",
        "a > n and a < n", "a > 3 and was(a, '2026-02') < 2", "a + 1 > 5 and a < 2", "c <> 'p' and c <> 'q'",
        "not n between 4 and 2",        "changed(f, 3) and not f", "n > 4.5 and n < 5.5", "n > 3 and n < 5",
    ],
)  # fmt: skip
def test_what_can_be_met_is_not_named(text):
    assert contradictions(text, CATALOG) == []


@pytest.mark.slow
def test_no_random_condition_that_a_line_meets_is_named_as_a_whole():
    """Held against the engine: rows with every value of small domains, and conditions of and, or and not over them."""
    chance = random.Random(5)
    atoms = [
        *(f"n {op} {v}" for op in ("<", "<=", ">", ">=", "=", "<>") for v in (0, 1, 2)), "n between 1 and 2", "n between 2 and 1",
        "n is null", "n is not null", "n in (0, 2)", "n not in (0, 1)", "f", "not f", "f = false", "f is null",
        "t = 'x'", "t in ('x', 'y')", "t <> 'z'", "t is null",
    ]  # fmt: skip

    def made(depth: int) -> str:
        if depth == 0 or chance.random() < 0.2:
            return chance.choice(atoms)
        inner = f" {chance.choice(['and', 'and', 'or'])} ".join(f"({made(depth - 1)})" for _ in range(chance.randint(2, 3)))
        return f"not ({inner})" if chance.random() < 0.2 else inner

    empty = 0
    with duckdb.connect() as connection:
        connection.execute(
            "create table lines as select * from (values (null), (-1), (0), (1), (2), (3)) as n (n),"
            " (values (null), (true), (false)) as f (f), (values (null), ('x'), ('y'), ('z')) as t (t)"
        )
        for _ in range(600):
            text = made(2)
            (met,) = connection.execute(f"select count(*) from lines where {parse(text, CATALOG).sql()}").fetchone()
            found = contradictions(text, CATALOG)
            empty += not met
            # each part named holds of no line
            for part in found:
                assert connection.execute(f"select count(*) from lines where {part}").fetchone() == (0,), (text, part)
    assert empty > 30
