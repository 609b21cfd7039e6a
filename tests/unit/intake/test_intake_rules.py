"""Bounds and rules of the contract, at both sides of every edge."""

from decimal import Decimal

import pyarrow as pa
import pytest

from orchestration.base.contract import RowRule, load_contract
from orchestration.intake.rows import breaches, check

CONTRACT = load_contract()
BOUNDS = [(t, c, bound, side) for t in CONTRACT.values() for c in t.columns for bound, side in ((c.min, -1), (c.max, 1))]
BOUNDS = [(t, c, bound, side) for t, c, bound, side in BOUNDS if bound is not None]


def _good_row(table) -> dict:
    """Text of a row that keeps the contract."""
    row = {}
    for column in table.columns:
        number = str(column.min or 1)
        texts = {
            "date": "2026-03-01",
            "timestamp": "2026-03-01 10:00:00",
            "boolean": "true",
            "string": (column.values or ("x",))[0],
        }
        row[column.name] = texts.get(column.data_type, number)
    return row | {rule.column: "0" for rule in table.rules if rule.part_of}


def _checked(table, **changes):
    row = _good_row(table) | {name: value for name, value in changes.items()}
    return check(pa.RecordBatch.from_pydict({name: pa.array([value], pa.string()) for name, value in row.items()}), table)


@pytest.mark.parametrize("table", CONTRACT.values(), ids=lambda t: t.name)
def test_a_row_within_all_bounds_is_good(table):
    assert _checked(table).faults == []


@pytest.mark.parametrize(("table", "column", "bound", "side"), BOUNDS, ids=[f"{t.name}.{c.name} {s:+}" for t, c, _, s in BOUNDS])
def test_a_bound_is_the_last_value_allowed(table, column, bound, side):
    step = Decimal(1) if column.data_type == "integer" else Decimal(1).scaleb(-int(column.data_type.rstrip(")").split(",")[1]))
    others = {c.name: "999" for c in table.columns if any(c.name in rule.part_of for rule in table.rules) and c != column}
    assert _checked(table, **others, **{column.name: str(bound)}).faults == []
    outside = f"{bound + side * step:f}"
    faults = _checked(table, **others, **{column.name: outside}).faults
    assert (faults[0].column, faults[0].values.to_pylist()) == (column.name, [outside])
    assert faults[0].reason == (f"is below the minimum of {bound}" if side < 0 else f"is above the maximum of {bound}")


def test_every_bound_that_a_description_states_in_words_is_declared():
    """ "never negative" and "0 to 10" in the prose, and no bound beside them, was how a wrong value came in."""
    columns = [(t.name, c) for t in CONTRACT.values() for c in t.columns]
    silent = [f"{t}.{c.name}" for t, c in columns if "ever negative" in c.description and c.min is None]
    silent += [f"{t}.{c.name}" for t, c in columns if "0 to 10" in c.description and (c.min, c.max) == (None, None)]
    ruled = {(t.name, rule.column) for t in CONTRACT.values() for rule in t.rules}
    silent += [
        f"{t}.{c.name}" for t, c in columns if c.description.startswith(("Part of", "Positive")) and (t, c.name) not in ruled
    ]
    silent += [f"{t}.{c.name}" for t, c in columns if "ot before" in c.description and (t, c.name) not in ruled]
    assert silent == []


def test_only_these_numbers_have_no_bound():
    numbers = {f"{t.name}.{c.name}" for t in CONTRACT.values() for c in t.columns if c.data_type.startswith(("int", "dec"))}
    bounded = {f"{t.name}.{c.name}" for t, c, _, _ in BOUNDS}
    assert numbers - bounded == {"billing_charges.amount", "billing_payments.amount"}  # discounts and reversals are negative


def _dates(*texts):
    return pa.array(texts).cast(pa.date32())


def _amounts(*texts):
    return pa.array([text and Decimal(text) for text in texts], pa.decimal128(12, 2))


def test_not_before_lets_the_same_day_and_empty_ones_pass():
    rule = RowRule("ended", not_before="begun")
    columns = {
        "begun": _dates("2026-01-02", "2026-01-02", None, "2026-01-02"),
        "ended": _dates("2026-01-01", "2026-01-02", "2026-01-01", None),
    }
    assert breaches(rule, columns).to_pylist() == [True, False, False, False]


def test_part_of_compares_with_the_sum_and_counts_empty_parts_as_nothing():
    rule = RowRule("part", part_of=("a", "b"))
    columns = {
        "part": _amounts("3.00", "3.01", "0.01", "0.00", None),
        "a": _amounts("1.00", "1.00", None, None, None),
        "b": _amounts("2.00", "2.00", None, None, "1.00"),
    }
    assert breaches(rule, columns).to_pylist() == [False, True, True, False, False]


def test_above_leaves_out_what_unless_says():
    rule = RowRule("amount", above=Decimal(0), unless="is_reversal")
    columns = {"amount": _amounts("0.01", "0.00", "-1.00", "-1.00"), "is_reversal": pa.array([None, None, False, True])}
    assert breaches(rule, columns).to_pylist() == [False, True, True, False]


def test_a_rule_shows_the_values_of_all_its_columns():
    table = CONTRACT["billing_usage_daily"]
    (fault,) = _checked(table, outgoing_minutes="1.50", incoming_minutes="2.00", offnet_minutes="9.00").faults
    assert (fault.column, fault.values.to_pylist()) == (
        "offnet_minutes, outgoing_minutes, incoming_minutes",
        ["9.00, 1.50, 2.00"],
    )
    assert fault.reason == "offnet_minutes is more than outgoing_minutes + incoming_minutes"


def test_a_value_that_cannot_be_read_is_told_once():
    (fault,) = _checked(CONTRACT["billing_usage_daily"], outgoing_minutes="x", offnet_minutes="9.00").faults
    assert fault.column == "outgoing_minutes"


def test_a_line_cannot_take_its_status_before_it_was_activated():
    table = CONTRACT["crm_subscribers"]
    assert _checked(table, activation_date="2026-03-01", status_date="2026-03-01").faults == []
    (fault,) = _checked(table, activation_date="2026-03-01", status_date="2026-02-28").faults
    assert (fault.values.to_pylist(), fault.reason) == (["2026-02-28, 2026-03-01"], "status_date is before activation_date")


def test_a_period_that_ends_before_it_begins_is_only_warned_of():
    assert _checked(CONTRACT["crm_tariff_subscriptions"], start_date="2026-03-02", end_date="2026-03-01").faults == []
