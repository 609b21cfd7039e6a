"""Values at the edges of their types, from text and from typed columns."""

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.base.contract import load_contract
from orchestration.intake.values import is_trimmed, lake_schema, typed

CONTRACT = load_contract()


def _one(value, data_type: str, is_code: bool = False, kind: pa.DataType | None = None):
    """(value in the lake, whether it is bad)."""
    found = typed(pa.array([value], kind or pa.string()), data_type, is_code)
    return found.values[0].as_py(), found.bad is not None and found.bad[0].as_py()


@pytest.mark.parametrize(
    ("data_type", "text", "value"),
    [
        ("integer", "+2", 2),
        ("integer", "-007", -7),
        ("integer", "9223372036854775807", 2**63 - 1),
        ("integer", "-9223372036854775808", -(2**63)),
        ("integer", "0" * 30 + "5", 5),
        ("decimal(12,2)", "-0.5", Decimal("-0.50")),
        ("decimal(12,2)", "9999999999.99", Decimal("9999999999.99")),
        ("decimal(12,2)", "00012", Decimal("12.00")),
        ("decimal(14,3)", "0.125", Decimal("0.125")),
        ("boolean", "false", False),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("date", "2000-02-29", date(2000, 2, 29)),
        ("date", "0001-01-01", date(1, 1, 1)),
        ("date", "9999-12-31", date(9999, 12, 31)),
        ("timestamp", "2026-01-01 23:59:59.000001", datetime(2026, 1, 1, 23, 59, 59, 1)),
    ],
)
def test_text_of_its_type(data_type, text, value):
    assert _one(text, data_type) == (value, False)


@pytest.mark.parametrize(
    ("data_type", "texts"),
    [
        (
            "integer",
            [
                "1.0",
                "1e3",
                "1,000",
                "9223372036854775808",
                "-9223372036854775809",
                "9" * 5000,
                "٣",
                "0x1",
                "--1",
                "+",
                "1_0",
                "1\n",
            ],
        ),
        ("decimal(12,2)", ["1.", ".5", "+1", "1,5", "1.005", "1.500", "10000000000", "1e2", "NaN", "１", "1.5\n", "$1"]),
        ("boolean", ["True", "t", "1", "Y", "true ", "yes"]),
        (
            "date",
            [
                "2026-02-29",
                "1900-02-29",
                "2026-04-31",
                "2026-13-01",
                "2026-00-01",
                "2026-01-00",
                "0000-01-01",
                "26-01-01",
                "20260101",
            ],
        ),
        (
            "timestamp",
            ["2026-01-01", "2026-01-01 24:00:00", "2026-01-01 00:60:00", "2026-01-01 00:00:60", "2026-01-01  00:00:00"],
        ),
    ],
)
def test_text_that_is_none_of_its_type(data_type, texts):
    for text in texts:
        assert _one(text, data_type) == (None, True), text


@given(st.dates())
def test_every_real_date_is_one(day):
    assert _one(day.isoformat(), "date") == (day, False)


@given(st.integers(0, 9999), st.integers(0, 13), st.integers(0, 32))
def test_a_date_is_bad_exactly_where_the_calendar_lacks_it(year, month, day):
    try:
        expected = date(year, month, day)
    except ValueError:
        expected = None
    assert _one(f"{year:04d}-{month:02d}-{day:02d}", "date") == (expected, expected is None)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_is_never_rounded(number):
    value, is_bad = _one(format(number, "f"), "decimal(12,2)")
    assert is_bad or value == number


@given(st.floats(width=64))
def test_a_float_enters_as_what_a_person_would_write(number):
    value, is_bad = _one(number, "decimal(12,2)", kind=pa.float64())
    if not is_bad:
        assert float(value) == number
        assert value == Decimal(repr(number))


@pytest.mark.parametrize("data_type", ["string", "integer", "decimal(12,2)", "boolean", "date", "timestamp"])
def test_empty_is_null_and_not_bad(data_type):
    assert _one("", data_type) == (None, False)
    assert _one(None, data_type) == (None, False)
    assert _one("  ", data_type, is_code=True) == (None, False)


def test_blanks_around():
    assert _one(" a\t", "string", is_code=True) == ("a", False)
    assert _one(" a\t", "string") == (" a\t", False)
    assert _one(" 2026-02-01 ", "date", is_code=True) == (date(2026, 2, 1), False)
    assert _one(" 2026-02-01 ", "date") == (None, True)


@pytest.mark.parametrize(
    ("kind", "value", "data_type", "is_bad"),
    [
        (pa.uint64(), 2**63 - 1, "integer", False),
        (pa.uint64(), 2**63, "integer", True),
        (pa.float64(), 2.0**53, "integer", False),
        (pa.float64(), 1e18, "integer", False),
        (pa.float64(), 1e19, "integer", True),
        (pa.float64(), 1.5, "integer", True),
        (pa.float64(), float("nan"), "integer", True),
        (pa.float64(), float("inf"), "decimal(12,2)", True),
        (pa.decimal128(20, 0), Decimal(2**63), "integer", True),
        (pa.decimal128(12, 2), Decimal("5.00"), "integer", False),
        (pa.decimal128(12, 2), Decimal("5.01"), "integer", True),
        (pa.decimal128(38, 10), Decimal("0.0000000001"), "decimal(12,2)", True),
        (pa.bool_(), True, "integer", True),
        (pa.int8(), 1, "boolean", True),
        (pa.timestamp("ns"), 1_000, "timestamp", False),
        (pa.timestamp("ns"), 1_001, "timestamp", True),
        (pa.timestamp("s"), 2**40, "timestamp", True),
        (pa.date32(), 10_000_000, "date", True),
        (pa.date32(), 0, "timestamp", True),
        (pa.timestamp("us", "UTC"), 0, "timestamp", True),
        (pa.time32("s"), 0, "timestamp", True),
    ],
)
def test_typed_values_enter_without_loss_or_not_at_all(kind, value, data_type, is_bad):
    found, was_bad = _one(value, data_type, kind=kind)
    assert (was_bad, found is None) == (is_bad, is_bad)


def test_unchanged_means_unchanged():
    for array, data_type in (
        (pa.array([1, None]), "integer"),
        (pa.array(["a", None]), "string"),
        (pa.array([True]), "boolean"),
        (pa.array([date(2026, 1, 1)]), "date"),
        (pa.array([datetime(2026, 1, 1)], pa.timestamp("us")), "timestamp"),
        (pa.array([Decimal("1.00")], pa.decimal128(12, 2)), "decimal(12,2)"),
    ):
        assert not typed(array, data_type, is_code=True).changed, data_type
    assert typed(pa.array(["a "]), "string", is_code=True).changed
    assert typed(pa.array([""]), "string", is_code=False).changed
    assert not typed(pa.array([1], pa.int32()), "integer", is_code=False).changed  # readers widen it
    assert typed(pa.array([1], pa.uint32()), "integer", is_code=False).changed


def test_which_columns_are_trimmed():
    def trimmed(table: str) -> set[str]:
        return {c.name for c in CONTRACT[table].columns if is_trimmed(CONTRACT[table], c)}

    assert trimmed("billing_call_pairs") == {"subscriber_id", "call_month", "peer_key", "peer_subscriber_id", "peer_operator"}
    assert trimmed("crm_customers") == {"customer_id", "customer_type", "gender", "region_code", "county_code"}


def test_lake_types():
    types = {f.name: str(f.type) for f in lake_schema(CONTRACT["channel_contacts"])}
    assert types["contacted_at"] == "timestamp[us]"
    assert types["list_run_date"] == "date32[day]"
    assert types["is_connected"] == "bool"
    assert types["quality_score"] == "int64"
    assert str(lake_schema(CONTRACT["billing_charges"]).field("amount").type) == "decimal128(12, 2)"
