"""The SQL of lists: every template renders, for both engines, to SQL that can be read, and values stay values."""

import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest
import sqlglot
from jinja2 import UndefinedError

from orchestration.base.settings import PROJECT_DIR
from orchestration.targeting import templates
from orchestration.targeting.templates import quoted, sql, text

sys.path.append(str(PROJECT_DIR / "tests" / "sqlfluff_lists"))
import given  # as sqlfluff renders them

GIVEN = {name: value for name, value in vars(given).items() if not name.startswith("__")}
NAMES = sorted(path.stem for path in (Path(templates.__file__).parent / "sql").glob("*.sql"))
ON_ENGINES = {"cells", "contacted_runs", "late_tables", "line_values", "lines_eligible", "lines_met", "lines_seen", "matches"}
ON_ENGINES |= {"offers", "shared_phones", "suppressed", "tried"}
"""Templates that run on the engine of the warehouse; the others run on a DuckDB of the run's own."""

HOSTILE = ["it's", "a\\", "' or 1 = 1 --", 'say "hi"', "`x`", "{{ 7 * 7 }}", "日本", "", "\n"]


@pytest.mark.parametrize(
    ("name", "dialect"), [(name, "duckdb") for name in NAMES] + [(name, "spark") for name in sorted(ON_ENGINES)]
)
def test_every_template_renders_to_one_statement(name, dialect):
    (tree,) = sqlglot.parse(sql(name, dialect, **GIVEN), read=dialect)
    assert tree is not None


def test_a_template_without_all_that_it_asks_for_is_refused():
    with pytest.raises(UndefinedError, match="'columns' is undefined"):
        sql("file_rows")


@pytest.mark.parametrize("value", HOSTILE)
def test_whatever_a_text_or_a_name_holds_it_stays_one(value):
    with duckdb.connect() as connection:
        assert connection.execute(f"select {text(value)}").fetchone() == (value,)
        if value:
            assert connection.execute(f"select {quoted(value)} from (select 1 as {quoted(value)})").description[0][0] == value
    (literal,) = sqlglot.parse_one(f"select {text(value, 'spark')}", read="spark").expressions
    assert literal.is_string and literal.this == value


@pytest.mark.parametrize(
    ("first", "last", "holds"),
    [
        (None, None, True), ("2026-04-01", "2026-04-01", True), (None, "2026-03-31", False), ("2026-04-02", None, False),
        ("2026-04-01", None, True), (None, "2026-04-01", True), ("2026-04-02", "2026-03-31", False),
    ],
)  # fmt: skip
def test_a_suppression_is_in_force_on_its_first_and_its_last_day_and_open_at_an_unknown_end(first, last, holds):
    with duckdb.connect() as connection:
        connection.execute("create table held (subscriber_id varchar, channel varchar, effective_from date, effective_to date)")
        connection.execute("insert into held values ('S1', 'all', ?, ?)", [first, last])
        connection.execute("create table by_phone (phone_key varchar, channel varchar, effective_from date, effective_to date)")
        connection.execute("create table phones (subscriber_id varchar, msisdn varchar, phone_key varchar, holder_id varchar,"
                           " is_valid_msisdn boolean)")  # fmt: skip
        relations = {"suppressions": "held", "phone_suppressions": "by_phone", "phones": "phones", "phone_holders": "phones"}
        query = sql("suppressed", relations=relations, channel="sms", run_date=date(2026, 4, 1))
        assert bool(connection.execute(query).fetchall()) is holds
