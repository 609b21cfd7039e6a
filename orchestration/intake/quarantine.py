"""Rows quarantined: what is kept of them, and how they are told. One row a line quarantined, with all of its faults.

A delivery's folder, quarantine/<table>/dt=…/, holds accepted.parquet, the rows quarantined of the delivery that is in the
lake, and rejected.parquet, those of the last attempt that was turned away; the latter goes once a delivery is accepted.
Values of pii columns are masked before they are written, and so is what looks like a phone, a document number or a name in any
other column, as where a row is shifted by one. Keys and ids stay: without them nobody finds the row at its source. Columns that
the contract does not know never come here.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.base.contract import Column, Table
from orchestration.intake.values import as_text

MASK = "***"
SHOWN_CHARACTERS = 200
_LONG_NUMBER = r"([0-9]{3})[0-9]{3,}([0-9]{2}|[0-9][Xx])"  # in text: eight digits or more
_PHONE_OR_DOCUMENT = (  # in dates and numbers: 11, 13, 15 or 18 signs alone, no part of an amount
    r"((?:^|[^0-9.,])[0-9]{3})(?:[0-9]{6}|[0-9]{8}|[0-9]{10}|[0-9]{13})((?:[0-9]{2}|[0-9][Xx])(?:$|[^0-9.,]))"
)
_NAME = r"^([^\x00-\x7f])[^0-9]*$|^([A-Za-z])[A-Za-z.'-]* [^0-9]*$"  # Chinese, or two words
_FAULT = pa.struct([("column", pa.string()), ("value", pa.string()), ("reason", pa.string())])
SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("line", pa.int64()),  # physical line, header 1; of a Parquet file the row, first 1
        ("column", pa.string()),  # of the first fault, as are value and reason
        ("value", pa.string()),
        ("reason", pa.string()),
        ("key_values", pa.string()),  # column=value, comma, …
        ("faults", pa.list_(_FAULT)),
    ]
)


@dataclass(frozen=True)
class Fault:
    """One broken rule in some rows of a batch: their positions, the values as text (masked where pii) and their keys."""

    column: str
    reason: str
    rows: np.ndarray
    values: pa.Array
    keys: pa.Array


def faults_of_column(
    batch: pa.RecordBatch, table: Table, column: Column, raw: pa.Array, mask: pa.Array, reason: str
) -> list[Fault]:
    """The faults of the rows that `mask` marks in a delivered batch, as a list of one."""
    rows = np.flatnonzero(mask.to_numpy(zero_copy_only=False))
    return [Fault(column.name, reason, rows, shown(raw.take(pa.array(rows)), column, table), key_values(batch, table, rows))]


def faults_of_columns(batch: pa.RecordBatch, table: Table, names: list[str], mask: pa.Array, reason: str) -> list[Fault]:
    """The same of a rule over several delivered columns: their names and values, with commas between."""
    rows = np.flatnonzero(mask.to_numpy(zero_copy_only=False))
    return [Fault(", ".join(names), reason, rows, shown_together(batch, table, names, rows), key_values(batch, table, rows))]


def shown_together(batch: pa.RecordBatch, table: Table, names: list[str], rows: np.ndarray) -> pa.Array:
    """Values of several columns in these rows as one text each, as `shown` gives them, an empty one as nothing."""
    texts = [pc.fill_null(shown(batch.column(n).take(pa.array(rows)), table.column(n), table), "") for n in names]
    return pc.binary_join_element_wise(*texts, ", ")


def shown(array: pa.Array, column: Column, table: Table) -> pa.Array:
    """Values of a column as a report may show them: text, cut to SHOWN_CHARACTERS, masked where pii; of other columns but
    ids what looks personal is masked; null stays null."""
    if column.pii:
        return pc.if_else(pc.is_valid(array), pa.scalar(MASK), pa.scalar(None, pa.string()))
    texts = _cut(array)
    if column.name in table.key or column.name.endswith("_id"):
        return texts
    number = _LONG_NUMBER if column.data_type == "string" else _PHONE_OR_DOCUMENT
    texts = pc.replace_substring_regex(texts, number, rf"\1{MASK}\2")
    if any(other.pii_kind == "name" for other in table.columns):
        texts = pc.replace_substring_regex(texts, _NAME, rf"\1\2{MASK}")
    return texts


def _cut(array: pa.Array) -> pa.Array:
    return pc.utf8_slice_codeunits(as_text(array), 0, SHOWN_CHARACTERS)


def key_values(batch: pa.RecordBatch | pa.Table, table: Table, rows: np.ndarray) -> pa.Array:
    """The keys of the rows as text: column=value, comma, …; key columns that were not delivered are left out."""
    parts = []
    for name in (name for name in table.key if name in batch.schema.names):
        values = pc.fill_null(shown(batch.column(name).take(pa.array(rows)), table.column(name), table), "")
        parts.append(pc.binary_join_element_wise(pa.scalar(name), values, "="))
    joined = pc.binary_join_element_wise(*parts, ", ") if parts else pa.array([""] * len(rows), pa.string())
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


class Writer:
    """Writes a delivery's rows quarantined to one Parquet file, which comes into being with the first of them.

    `rows`: how many were added; `first`: the first of them in words; `kinds`: how many values broke each (column, reason), and
    the first of them in words.
    """

    def __init__(self, path: Path):
        self.path = path
        self.rows = 0
        self.first = ""
        self.kinds: dict[tuple[str, str], list[Any]] = {}
        self._writer: pq.ParquetWriter | None = None

    def add(self, file: str, lines: np.ndarray, faults: list[Fault]) -> None:
        """Adds the rows that have faults; `lines` gives the line in `file` of each position that faults name."""
        if not faults:
            return
        for f in faults:
            if (f.column, f.reason) not in self.kinds:
                value = f.values[0].as_py() if len(f.rows) else None
                self.kinds[f.column, f.reason] = [
                    0,
                    f"{file}, line {lines[f.rows[0]]}, column {f.column}: {_described(value)} {f.reason}",
                ]
            self.kinds[f.column, f.reason][0] += len(f.rows)
        rows = np.concatenate([f.rows for f in faults])
        order = np.argsort(rows, kind="stable")  # by row, then in the order in which the rules were checked
        items = pa.StructArray.from_arrays(
            [
                _repeated([(f.column, len(f.rows)) for f in faults]),
                pa.concat_arrays([_chunkless(f.values) for f in faults]),
                _repeated([(f.reason, len(f.rows)) for f in faults]),
            ],
            fields=list(_FAULT),
        ).take(pa.array(order))
        bad_rows, first = np.unique(rows[order], return_index=True)
        first_items = items.take(pa.array(first))
        keys = pa.concat_arrays([_chunkless(f.keys) for f in faults]).take(pa.array(order[first]))
        table = pa.Table.from_arrays(
            [
                _repeated([(file, len(bad_rows))]),
                pa.array(lines[bad_rows], pa.int64()),
                *(first_items.field(i) for i in range(3)),
                keys,
                pa.ListArray.from_arrays(pa.array([*first, len(items)], pa.int32()), items),
            ],
            schema=SCHEMA,
        )
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self.path, SCHEMA, compression="zstd")
            self.first = _sentence(table.slice(0, 1).to_pylist()[0])
        self._writer.write_table(table)
        self.rows += len(bad_rows)

    def described(self, but_first: bool = False, limit: int = 8) -> str:
        """Each kind of fault with its first value and how many there are, the most frequent first; `but_first`: not `first`."""
        kinds = [kind for kind in self.kinds.values() if not (but_first and kind[1] == self.first)]
        kinds.sort(key=lambda kind: -kind[0])
        more = [f"{len(kinds) - limit} more kinds of faults"] if len(kinds) > limit else []
        return "; ".join([f"{first} ({count:,} of this kind)" for count, first in kinds[:limit]] + more)

    def close(self) -> None:
        """Ends the file, if any row was rejected."""
        if self._writer is not None:
            self._writer.close()


def message(table: str, dt: str, file: str, line: int, column: str, value: str | None, reason: str) -> str:
    """One fault of a row in a sentence that says where, what, and what to do next."""
    return (
        f"landing/{table}/dt={dt}/{file}: column {column}, line {line}: {_described(value)} {reason}. "
        f"Row quarantined; see telco360 intake show {table} {dt}"
    )


def messages(path: Path, table: str, dt: str, limit: int) -> list[str]:
    """The first faults of a quarantine file as messages, at most `limit`."""
    lines: list[str] = []
    for batch in pq.ParquetFile(path).iter_batches(limit):
        for row in batch.to_pylist():
            for fault in row["faults"]:
                lines.append(message(table, dt, row["file"], row["line"], fault["column"], fault["value"], fault["reason"]))
                if len(lines) == limit:
                    return lines
    return lines


def _sentence(row: dict[str, Any]) -> str:
    return f"{row['file']}, line {row['line']}, column {row['column']}: {_described(row['value'])} {row['reason']}"


def _described(value: str | None) -> str:
    return "the value" if value is None else f"'{value}'"


def _repeated(texts: list[tuple[str, int]]) -> pa.Array:
    return pa.concat_arrays([pa.repeat(pa.scalar(text, pa.string()), count) for text, count in texts])


def _chunkless(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
