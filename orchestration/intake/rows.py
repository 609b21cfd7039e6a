"""Rules that look at one row at a time: values of their type, closed sets, required values, bounds, firsts of months, and the
contract's rules over several columns.

Arrow batches in, arrow batches out, vectorised. What needs other rows or other tables (keys, references) is in validate.py.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.base.contract import Column, RowRule, Table
from orchestration.intake.profile import profile_name
from orchestration.intake.quarantine import Fault, faults_of_column, faults_of_columns
from orchestration.intake.reading import Read, Reading
from orchestration.intake.shapes import NULL_CAUSE, WrittenOut, causes, looks_null, nulls_written_out, other_type
from orchestration.intake.values import Typed, is_any, is_trimmed, lake_schema, lake_type, typed

_NOUNS = {
    "boolean": "boolean (true or false)",
    "date": "date (YYYY-MM-DD)",
    "timestamp": "timestamp (YYYY-MM-DD HH:MM:SS, no zone)",
}


@dataclass(frozen=True)
class Checked:
    """A batch after its rows were checked.

    `good`: the faultless rows in lake types, contract columns in the contract's order; `good_rows`: their positions in the batch.
    `faults`: one a fault, none for good rows. `changed`: `good` does not say exactly what was delivered. `nulls_written_out`: by
    column, texts that look like a null written out; columns that have none are left out.
    """

    good: pa.RecordBatch
    good_rows: np.ndarray
    faults: list[Fault]
    changed: bool
    nulls_written_out: Mapping[str, WrittenOut]


def check(batch: pa.RecordBatch, table: Table, reading: Reading | None = None) -> Checked:
    """Types a batch that holds the delivered columns of the table, others missing, and splits good rows from bad ones.

    `reading`: how the values are written, where not as the contract says.
    """
    faults: list[Fault] = []
    columns: dict[str, pa.Array] = {}
    unreadable: dict[str, pa.Array | None] = {}
    written_out: dict[str, WrittenOut] = {}
    changed = False
    for column in table.columns:
        if column.name not in batch.schema.names:
            columns[column.name], changed = pa.nulls(len(batch), lake_type(column.data_type)), True
            continue
        raw = batch.column(column.name)
        read = reading.column(column, raw) if reading else Read(raw)
        value = typed(read.values, column.data_type, is_trimmed(table, column))
        columns[column.name], changed = value.values, changed or value.changed or read.values is not raw
        unreadable[column.name] = (
            value.bad if read.bad is None else read.bad if value.bad is None else pc.or_(read.bad, value.bad)
        )
        if found := nulls_written_out(column, value.values):
            written_out[column.name] = found
        for mask, reason in (
            *_unread(table, column, read, value),
            *_column_faults(table, column, value.values, unreadable[column.name]),
        ):
            faults += faults_of_column(batch, table, column, raw, mask, reason)
    for rule in table.rules:
        if not rule.is_warned and (mask := _rule_faults(rule, columns, unreadable)):
            raw_columns = [name for name in rule.columns if name in unreadable]
            faults += faults_of_columns(batch, table, raw_columns, mask, reason_of(rule))

    good = pa.RecordBatch.from_arrays(list(columns.values()), schema=lake_schema(table))
    good_rows = np.arange(len(batch))
    if faults:
        is_good = np.ones(len(batch), bool)
        for fault in faults:
            is_good[fault.rows] = False
        good, good_rows = good.filter(pa.array(is_good)), good_rows[is_good]
    return Checked(good, good_rows, faults, changed or bool(faults), written_out)


def _unread(table: Table, column: Column, read: Read, value: Typed) -> Iterator[tuple[pa.Array, str]]:
    """(mask, reason) of the values that could not be read, each once."""
    if read.bad is not None:
        yield read.bad, read.reason
    if value.bad is None:
        return
    if value.is_other_type:
        yield value.bad, other_type(table.name, column, read.values.type)
        return
    rest = value.bad
    for mask, reason in causes(table.name, column, read.values, value.bad):
        yield mask, reason
        rest = pc.and_not(rest, mask)
    if is_any(rest):
        yield rest, f"is no {_NOUNS.get(column.data_type, column.data_type)}"


def _column_faults(table: Table, column: Column, values: pa.Array, bad: pa.Array | None) -> Iterator[tuple[pa.Array, str]]:
    """(mask, reason) of each rule that some value of the column breaks; `bad` marks those that could not be read."""
    if values.null_count and (not column.nullable or column.name in table.key):
        is_empty = pc.is_null(values) if bad is None else pc.and_not(pc.is_null(values), bad)
        if is_any(is_empty):
            yield is_empty, "is empty, and the column must have a value"
    if column.values:
        is_other = pc.and_(pc.is_valid(values), pc.invert(pc.is_in(values, pa.array(column.values, values.type))))
        if is_any(is_other):
            is_null = pc.and_(is_other, looks_null(pc.cast(values, pa.string())))
            if is_any(is_null):
                yield is_null, NULL_CAUSE.format(profile=profile_name(table.name))
                is_other = pc.and_not(is_other, is_null)
        if is_any(is_other):
            yield is_other, f"is none of {', '.join(column.values)}"
    for bound, is_outside, words in ((column.min, pc.less, "below the minimum"), (column.max, pc.greater, "above the maximum")):
        if bound is not None:
            mask = pc.fill_null(is_outside(values, _scalar(bound, values.type)), False)
            if is_any(mask):
                yield mask, f"is {words} of {bound}"
    if column.data_type == "date" and column.name.endswith("_month"):
        is_within = pc.fill_null(pc.not_equal(pc.day(values), 1), False)
        if is_any(is_within):
            yield is_within, "is no first of a month"


def _rule_faults(rule: RowRule, columns: Mapping[str, pa.Array], unreadable: Mapping[str, pa.Array | None]) -> pa.Array | None:
    """Rows that break the rule, but for those where one of its values could not be read; None where there are none."""
    mask = breaches(rule, columns)
    for name in (*rule.columns, *((rule.unless,) if rule.unless else ())):
        if unreadable.get(name) is not None:
            mask = pc.and_not(mask, unreadable[name])
    return mask if is_any(mask) else None


def breaches(rule: RowRule, columns: Mapping[str, pa.Array]) -> pa.Array:
    """Which rows break the rule, a boolean for each and never null. `columns`: lake values of all columns that it names."""
    value = columns[rule.column]
    if rule.not_before is not None:
        broken = pc.less(value, columns[rule.not_before])
    elif rule.above is not None:
        broken = pc.less_equal(value, _scalar(rule.above, value.type))
        if rule.unless is not None:
            broken = pc.and_not(broken, pc.fill_null(columns[rule.unless], False))
    else:
        parts = [pc.fill_null(columns[name], pa.scalar(0, columns[name].type)) for name in rule.part_of]
        broken = pc.greater(value, reduce(pc.add, parts))
    return pc.fill_null(broken, False)


def reason_of(rule: RowRule) -> str:
    """What is wrong with a row that breaks the rule, as the end of a message that shows its values."""
    if rule.not_before is not None:
        return f"{rule.column} is before {rule.not_before}"
    if rule.above is not None:
        return f"is not above {rule.above}" + (f", and {rule.unless} is not true" if rule.unless else "")
    return f"{rule.column} is more than {' + '.join(rule.part_of)}"


def _scalar(number: Decimal, kind: pa.DataType) -> pa.Scalar:
    return pa.scalar(int(number) if pa.types.is_integer(kind) else number, kind)
