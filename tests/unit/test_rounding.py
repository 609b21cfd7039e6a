"""Rounding of macros/arithmetic.sql: DuckDB's faster way gives what the plain one gives."""

from types import SimpleNamespace

import duckdb
import jinja2
import pytest

from orchestration.base.settings import PROJECT_DIR

VALUES = [
    "(random() - 0.5) * 20",
    "(floor(random() * 2e4) + 0.5) / 1e{places}",
    "(floor(random() * 2e4) + 0.5) / 1e{places} * (1 + (random() - 0.5) * 1e-15)",
    "floor(random() * 1e5) / (1 + floor(random() * 37))",
    "1e{digits} + (random() - 0.5) * 1e-{places}",
    "-1e{digits} + (random() - 0.5) * 1e-{places}",
    "(random() - 0.5) * 1e{digits} * 20",
]
"""Common figures, halves, doubles beside halves, quotients, and what lies on either side of 18 digits."""


@pytest.fixture(scope="module")
def macros():
    text = (PROJECT_DIR / "macros" / "arithmetic.sql").read_text(encoding="utf-8")
    told = SimpleNamespace()
    template = jinja2.Environment().from_string(text, {"telco360": told, "return": str, "adapter": None})
    told.default__rounded = template.module.default__rounded
    return template.module


@pytest.mark.parametrize("places", [0, 2, 4, 6, 9, 10, 15])
def test_the_faster_way_rounds_as_the_plain_one_does(macros, places):
    plain, faster = macros.default__rounded("v", places), macros.duckdb__rounded("v", places)
    assert (plain == faster) == (places > 10)
    with duckdb.connect() as engine:
        for values in VALUES:
            text = values.format(places=places, digits=max(11 - places, 1))
            found = engine.execute(
                f"select count(*), count(*) filter (({plain}) is distinct from ({faster})), "
                f"count(*) filter (typeof({plain}) <> typeof({faster})) from (select {text} as v from range(20000))"
            ).fetchone()
            assert found == (20000, 0, 0), text


def test_halves_go_away_from_zero_and_unknown_stays_unknown(macros):
    rounded = macros.duckdb__rounded
    with duckdb.connect() as engine:
        told = engine.execute(
            f"select {rounded('0.00025e0', 4)}, {rounded('-2.5e0', 0)}, "
            f"{rounded('1234567890.5e0', 0)}, {rounded('null::double', 2)}"
        ).fetchone()
    assert [None if figure is None else str(figure) for figure in told] == ["0.0003", "-3", "1234567891", None]
