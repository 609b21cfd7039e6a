"""The comparison of two tables can fail: a row too many, a value, a null, a type, a double beyond the tolerance."""

import duckdb
import pytest

from benchmarks.compare import compare

LEFT = """select * from (values ('s1', 1, 1.10::decimal(18,2), 0.5::double, date '2026-03-01'), ('s2', 1, null, null, null))
    as t(subscriber_id, month, amount, share, since)"""


@pytest.fixture
def db():
    with duckdb.connect() as connection:
        connection.execute(f"create table l as {LEFT}")
        yield connection


def held(db, right: str):
    return compare(db, "core.t", "l", f"({right})", ["subscriber_id", "month"])


def test_equal_tables_are_equal_whatever_the_order_of_rows_and_the_width_of_whole_numbers(db):
    assert held(
        db, "select subscriber_id, month::bigint as month, amount, share, since from l order by subscriber_id desc"
    ).is_equal


def test_one_changed_value_of_one_row_is_found_and_named(db):
    found = held(
        db, "select * replace (case when subscriber_id = 's1' then 1.11::decimal(18,2) else amount end as amount) from l"
    )
    assert (found.is_equal, found.differing) == (False, 1)
    assert found.examples == ["subscriber_id s1, month 1 | amount | 1.10 | 1.11"]


@pytest.mark.parametrize(
    ("right", "example"),
    [
        ("select * from l where subscriber_id = 's1'", "subscriber_id s2, month 1 | row | present | none"),
        ("select * from l union all select 's3', 1, 0, 0, null", "subscriber_id s3, month 1 | row | none | present"),
        ("select * replace (coalesce(amount, 0) as amount) from l", "subscriber_id s2, month 1 | amount | None | 0.00"),
        ("select * replace (coalesce(share, 0) as share) from l", "subscriber_id s2, month 1 | share | None | 0.0"),
        ("select * replace (share + 2e-9 as share) from l", "subscriber_id s1, month 1 | share | 0.5 | 0.500000002"),
    ],
)
def test_a_row_a_null_and_a_double_too_far_are_found(db, right, example):
    found = held(db, right)
    assert not found.is_equal
    assert example in found.examples


def test_a_double_within_the_tolerance_is_equal(db):
    assert held(db, "select * replace (share + 5e-10 as share) from l").is_equal


@pytest.mark.parametrize(
    "right",
    [
        "select * exclude (since) from l",
        "select * replace (amount::decimal(18,3) as amount) from l",
        "select *, 1 as more from l",
    ],
)
def test_other_columns_and_types_differ_as_a_whole(db, right):
    found = held(db, right)
    assert not found.is_equal
    assert found.examples[0].startswith("column ")


def test_rows_that_the_grain_does_not_tell_apart_are_no_equal_tables(db):
    found = compare(db, "core.t", "l", "l", ["month"])
    assert not found.is_equal
    assert "not told apart by month: 1 | 1" in found.examples[0]
