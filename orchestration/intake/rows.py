"""Rules that look at one row at a time: values of their type, closed sets, required values, firsts of months, payments.

Arrow batches in, arrow batches out, vectorised. What needs other rows or other tables (keys, references) is in judge.py.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.contract import Column, Table
from orchestration.intake.quarantine import Fault, faults_of_column
from orchestration.intake.values import is_any, is_trimmed, lake_schema, lake_type, typed

_NOUNS = {
    "boolean": "boolean (true or false)",
    "date": "date (YYYY-MM-DD)",
    "timestamp": "timestamp (YYYY-MM-DD HH:MM:SS, no zone)",
}


@dataclass(frozen=True)
class Checked:
    """A batch after its rows were checked.

    `good`: the faultless rows in lake types, contract columns in the contract's order; `good_rows`: their positions in the batch.
    `faults`: one a fault, none for good rows. `changed`: `good` does not say exactly what was delivered.
    """

    good: pa.RecordBatch
    good_rows: np.ndarray
    faults: list[Fault]
    changed: bool


def check(batch: pa.RecordBatch, table: Table) -> Checked:
    """Types a batch that holds the delivered columns of the table, others missing, and splits good rows from bad ones."""
    faults: list[Fault] = []
    columns: dict[str, pa.Array] = {}
    unreadable: dict[str, pa.Array | None] = {}
    changed = False
    for column in table.columns:
        if column.name not in batch.schema.names:
            columns[column.name], changed = pa.nulls(len(batch), lake_type(column.data_type)), True
            continue
        raw = batch.column(column.name)
        value = typed(raw, column.data_type, is_trimmed(table, column))
        columns[column.name], changed = value.values, changed or value.changed
        unreadable[column.name] = value.bad
        for mask, reason in _column_faults(table, column, value.values, value.bad):
            faults += faults_of_column(batch, table, column, raw, mask, reason)
    if mask := _payment_faults(columns, unreadable):
        faults += faults_of_column(batch, table, table.column("amount"), batch.column("amount"), mask, _PAYMENT_REASON)

    good = pa.RecordBatch.from_arrays(list(columns.values()), schema=lake_schema(table))
    good_rows = np.arange(len(batch))
    if faults:
        is_good = np.ones(len(batch), bool)
        for fault in faults:
            is_good[fault.rows] = False
        good, good_rows = good.filter(pa.array(is_good)), good_rows[is_good]
    return Checked(good, good_rows, faults, changed or bool(faults))


def _column_faults(table: Table, column: Column, values: pa.Array, bad: pa.Array | None):
    """(mask, reason) of each rule that some value of the column breaks."""
    if bad is not None:
        yield bad, f"is no {_NOUNS.get(column.data_type, column.data_type)}"
    if values.null_count and (not column.nullable or column.name in table.key):
        is_empty = pc.is_null(values) if bad is None else pc.and_not(pc.is_null(values), bad)
        if is_any(is_empty):
            yield is_empty, "is empty, and the column must have a value"
    if column.values:
        is_other = pc.and_(pc.is_valid(values), pc.invert(pc.is_in(values, pa.array(column.values, values.type))))
        if is_any(is_other):
            yield is_other, f"is none of {', '.join(column.values)}"
    if column.data_type == "date" and column.name.endswith("_month"):
        is_within = pc.fill_null(pc.not_equal(pc.day(values), 1), False)
        if is_any(is_within):
            yield is_within, "is no first of a month"


_PAYMENT_REASON = "is not above 0, and is_reversal is not true"


def _payment_faults(columns: dict[str, pa.Array], unreadable: dict[str, pa.Array | None]) -> pa.Array | None:
    """Payments that take nothing in and do not say that they are reversals; None where there are none."""
    if not {"amount", "is_reversal"} <= columns.keys():
        return None
    amount = columns["amount"]
    takes_nothing = pc.fill_null(pc.less_equal(amount, pa.scalar(0, amount.type)), False)
    mask = pc.and_not(takes_nothing, pc.fill_null(columns["is_reversal"], False))
    if unreadable.get("is_reversal") is not None:
        mask = pc.and_not(mask, unreadable["is_reversal"])
    return mask if is_any(mask) else None
