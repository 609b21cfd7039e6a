"""Writes deliveries as a source system would: a folder a table and date, parts in the contract's types, `_SUCCESS` last.

Only the form of a delivery belongs here. What a table's columns are comes from the raw contract: a frame that does not have
exactly these is an error of the generator.

A frame is a dict of columns by name, each of one of these forms:
- string: a pyarrow string array, or Codes (values by index; a negative index is null)
- integer, boolean: numpy integers, booleans, or Codes over numbers
- decimal(p,s): numpy integers in units of the last place (for money, fen)
- date: numpy integers, days since 1970; settings.NEVER is null
- timestamp: numpy integers, microseconds since 1970
Any of them may be a numpy masked array: masked is null.
"""

import hashlib
import json
import shutil
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from orchestration.base.contract import Table
from orchestration.base.errors import Telco360Error
from orchestration.intake.values import lake_type
from sample.settings import NEVER

FORMATS = ("parquet", "csv")
_MARK = ".made_operator"


class SampleError(Telco360Error, ValueError):
    """Arguments that no operator can be made from, or a place where none may be made."""


@dataclass(frozen=True)
class Codes:
    """A column of few values: `values[index[i]]`; a negative index is null.

    Values must differ from each other: a dictionary that holds one twice makes Parquet pages with bytes left over in them.
    Raises ValueError where a list of them does not.
    """

    index: np.ndarray
    values: list[Any] | pa.Array

    def __post_init__(self) -> None:
        if isinstance(self.values, list) and len(set(self.values)) < len(self.values):
            raise ValueError(f"a value comes twice among {self.values[:10]}")


def take(frame: dict[str, Any], rows: np.ndarray) -> dict[str, Any]:
    """The frame's rows at these positions or under this mask."""
    return {name: _rows(column, rows) for name, column in frame.items()}


def _rows(column: Any, rows: np.ndarray) -> Any:
    if isinstance(column, Codes):
        return Codes(column.index[rows], column.values)
    if isinstance(column, pa.Array):
        return column.filter(pa.array(rows)) if rows.dtype == bool else column.take(pa.array(rows))
    return column[rows]


class Landing:
    """Deliveries under way in `folder`. Parts may be added from several threads; `finish` completes every delivery."""

    def __init__(
        self, folder: Path, contract: dict[str, Table], days: list[date], form: str, tables: Iterable[str] | None = None
    ):
        """`days`: the dt of the first load, then of each daily delivery. `tables`: deliver these alone.

        Raises SampleError where `folder` holds deliveries that no synthetic operator left there; those of an earlier one go.
        """
        if form not in FORMATS:
            raise SampleError(f"format '{form}' is unknown; choose one of {', '.join(FORMATS)}")
        unknown = set(tables or ()) - set(contract)
        if unknown:
            raise SampleError(f"no tables of the contract: {', '.join(sorted(unknown))}")
        self.folder, self.days, self._form, self._contract = folder, days, form, contract
        self.tables = {name for name in contract if tables is None or name in tables}
        self._cuts = np.array([(d - date(1970, 1, 1)).days for d in days])
        self._parts: dict[tuple[str, date], dict[str, dict[str, Any]]] = {}
        self._lock = threading.Lock()
        _clear(folder, contract, days)

    def add(self, name: str, frame: dict[str, Any], part: str, known: np.ndarray | None = None) -> None:
        """Adds rows of an append table to the delivery of the day each became known; all to the first load without `known`."""
        if name not in self.tables:
            return
        if known is None:
            return self._write(name, self.days[0], frame, part)
        turn = np.searchsorted(self._cuts, known)
        for i in np.unique(turn[turn < len(self.days)]):
            mine = turn == i
            self._write(name, self.days[i], frame if mine.all() else take(frame, np.flatnonzero(mine)), part)
        return None

    def add_state(self, name: str, day: date, frame: dict[str, Any], part: str = "0") -> None:
        """Adds rows of a snapshot table to the delivery of one day."""
        if name in self.tables:
            self._write(name, day, frame, part)

    def finish(self) -> int:
        """Gives each table and day without rows an empty part, then completes every delivery; the rows delivered."""
        rows = 0
        for name in sorted(self.tables):
            for day in self.days:
                if (name, day) not in self._parts:
                    empty = {c.name: pa.nulls(0, lake_type(c.data_type)) for c in self._contract[name].columns}
                    self._write(name, day, empty, "0")
                files = dict(sorted(self._parts[name, day].items()))
                rows += sum(f["rows"] for f in files.values())
                folder = self._folder(name, day)
                (folder / "_SUCCESS").write_text(json.dumps({"files": files}, indent=1) + "\n", encoding="utf-8")
        return rows

    def _folder(self, name: str, day: date) -> Path:
        return self.folder / name / f"dt={day}"

    def _write(self, name: str, day: date, frame: dict[str, Any], part: str) -> None:
        table = self._contract[name]
        columns = [c.name for c in table.columns]
        if set(frame) != set(columns):
            differing = ", ".join(sorted(set(frame) ^ set(columns)))
            raise ValueError(f"{name}: {differing}: in the contract or in sample/ alone; change sample/ to make what it says")
        arrays = [lake_array(frame[c.name], c.data_type) for c in table.columns]
        batch = pa.table(arrays, names=columns)
        if not len(batch) and (name, day) in self._parts:
            return
        path = self._folder(name, day) / f"part-{part}.{self._form}"
        path.parent.mkdir(parents=True, exist_ok=True)
        (_write_csv if self._form == "csv" else _write_parquet)(batch, path)
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        with self._lock:
            files = self._parts.setdefault((name, day), {})
            if path.name in files:
                raise ValueError(f"{name} dt={day}: part {part} is written twice")
            files[path.name] = {"rows": len(batch), "sha256": digest}


def _clear(folder: Path, contract: dict[str, Table], days: list[date]) -> None:
    """Removes the deliveries of an earlier synthetic operator; a mark names them, so that no other delivery is ever touched."""
    mark = folder / _MARK
    ours = set(mark.read_text(encoding="utf-8").split()) if mark.exists() else set()
    present = [path for name in contract if (folder / name).exists() for path in sorted((folder / name).iterdir())]
    for path in present:
        if str(path.relative_to(folder)) not in ours:
            raise SampleError(
                f"{path}: lies where a synthetic operator would, and is none of its deliveries; they would be mixed. "
                f"Name another home, or move it away"
            )
    for path in present:
        shutil.rmtree(path)
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text("".join(f"{name}/dt={day}\n" for name in contract for day in days), encoding="utf-8")


def _write_parquet(table: pa.Table, path: Path) -> None:
    few_values = (pa.types.is_dictionary, pa.types.is_boolean, pa.types.is_date, pa.types.is_integer)
    coded = [f.name for f in table.schema if any(is_kind(f.type) for is_kind in few_values)]
    pq.write_table(
        table,
        path,
        row_group_size=1 << 20,
        compression="snappy",
        use_dictionary=coded,
        dictionary_pagesize_limit=1 << 24,
        store_schema=False,  # the Parquet types say all; dictionaries are a way to write, not a type of the lake
        store_decimal_as_integer=True,
    )


def _write_csv(table: pa.Table, path: Path) -> None:
    plain = [c.cast(c.type.value_type) if pa.types.is_dictionary(c.type) else c for c in table.columns]
    plain = [c.cast(pa.string()) if pa.types.is_decimal(c.type) else c for c in plain]
    options = arrow_csv.WriteOptions(quoting_style="needed")
    arrow_csv.write_csv(pa.table(plain, names=table.column_names), path, options)


def lake_array(column: Any, data_type: str) -> pa.Array:
    """A frame's column as the contract's type, or as a dictionary of that type."""
    target = lake_type(data_type)
    if isinstance(column, Codes):
        values = column.values if isinstance(column.values, pa.Array) else pa.array(column.values, target)
        index = np.ascontiguousarray(column.index, np.int32)
        is_null = index < 0
        return pa.DictionaryArray.from_arrays(pa.array(index, mask=is_null if is_null.any() else None), values)
    if isinstance(column, pa.Array):
        return column if column.type == target else pc.cast(column, target)
    mask = np.ma.getmaskarray(column) if isinstance(column, np.ma.MaskedArray) else None
    values = np.ma.getdata(column)
    if data_type == "date":
        mask = _either(mask, values == NEVER)
        return pa.array(values.astype(np.int32), mask=mask).cast(target)
    if data_type == "timestamp":
        return pa.array(values.astype(np.int64), mask=mask).cast(target)
    if data_type.startswith("decimal("):
        return _decimals(values.astype(np.int64), target, mask)
    return pa.array(values.astype(bool if data_type == "boolean" else np.int64), mask=mask)


def _either(one: np.ndarray | None, other: np.ndarray) -> np.ndarray | None:
    both = other if one is None else one | other
    return both if both.any() else None


def _decimals(units: np.ndarray, target: pa.DataType, mask: np.ndarray | None) -> pa.Array:
    """128-bit decimals from whole numbers of units: the number itself below, its sign spread above."""
    words = np.empty((len(units), 2), np.int64)
    words[:, 0], words[:, 1] = units, units >> 63
    valid = None
    if mask is not None and mask.any():
        valid = pa.array(~mask).buffers()[1]
    return pa.Array.from_buffers(target, len(units), [valid, pa.py_buffer(words)])
