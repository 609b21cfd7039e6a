"""One file of a delivery: its columns checked against the contract, its rows checked, the good ones staged as typed Parquet.

A Parquet file that already is what the lake would hold is staged as it is, byte for byte. What spans the files of a delivery
is in validate.py.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.base.contract import Table
from orchestration.base.files import share_or_copy
from orchestration.intake import rows
from orchestration.intake.columns import Columns, columns_named, match
from orchestration.intake.csv_file import CsvFile, CsvForm
from orchestration.intake.errors import Empty, Foreign, Rejected
from orchestration.intake.parquet_file import ParquetFile
from orchestration.intake.profile import Profile, profile_name
from orchestration.intake.quarantine import Writer, faults_of_columns
from orchestration.intake.reading import Reading
from orchestration.intake.shapes import repeated_header
from orchestration.intake.values import is_as_in_lake, lake_schema

_READ_EVERYWHERE = {"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD"}
"""Ways of compression that every engine over the lake can undo; a file in another one is not copied as it is."""

_REPEATED = "is the header again, not a row. Where files are joined, leave out the headers of the later ones"


@dataclass(frozen=True)
class Part:
    """A file after it was read. `staged`: its good rows as Parquet; `lines`: for each of them, its line in the file (int64), None
    where it is staged as it is."""

    name: str
    rows_read: int
    staged: Path
    lines: Path | None
    warnings: tuple[str, ...]

    def lines_of(self, rows: np.ndarray) -> np.ndarray:
        """The lines of staged rows, which are given by their positions; at least one."""
        return rows + 1 if self.lines is None else np.memmap(self.lines, np.int64, "r")[rows]


def read_part(source: Path, table: Table, staged: Path, quarantine: Writer, profile: Profile | None = None) -> Part:
    """Reads a delivered file; good rows go to `staged`, the others to the quarantine. `profile`: how it is written, if not as the
    contract says. Raises Rejected for a file as a whole, with all that is wrong with it: Empty for one without a byte."""
    task = _Task(source, table, staged, staged.with_suffix(".lines"), quarantine, profile)
    try:
        if source.name.lower().endswith(".parquet"):
            return _read_parquet(task)
        given = profile or Profile()
        columns = tuple(given.columns) if not given.header else ()
        return _read_csv(task, CsvForm(given.delimiter, given.encoding, columns, profile_name(table.name)))
    except Rejected as error:
        raise error.within(source.name) from None


@dataclass(frozen=True)
class _Task:
    """A file to read: from where, by which rules, to where."""

    source: Path
    table: Table
    staged: Path
    lines: Path
    quarantine: Writer
    profile: Profile | None

    @property
    def reading(self) -> Reading | None:
        return Reading(self.table.name, self.profile) if self.profile else None

    def columns(self, names: list[str], is_header: bool = True) -> Columns:
        return match(names, self.table, self.profile or Profile(), is_header)

    def part(self, rows_read: int, warnings: tuple[str, ...], seen: "_NullsSeen", is_as_delivered: bool = False) -> Part:
        lines = None if is_as_delivered else self.lines
        return Part(self.source.name, rows_read, self.staged, lines, (*warnings, *seen.warnings(self.table.name)))


def _read_csv(task: _Task, form: CsvForm) -> Part:
    try:
        file = CsvFile(task.source, form=form)
    except Foreign as error:
        seems = replace(form, **error.form)
        raise Rejected(f"{error}{_further(task, lambda aside: _read_csv(aside, seems))}") from error
    except Empty as error:
        if task.source.stat().st_size or not task.source.name.lower().endswith(".gz"):
            raise
        raise Rejected("the gzip file is truncated: it has no bytes. Deliver the file again, whole") from error
    columns = task.columns(file.names, is_header=not form.columns)
    if columns.faults:
        raise _of_columns(task, columns, lambda: file.batches(list(columns.known)))
    seen = _NullsSeen()
    rows_read = _stage(task, file.batches(list(columns.known)), columns, seen)
    empty = ("the file is empty; read as no rows",) if form.columns and not rows_read else ()
    return task.part(rows_read, (*columns.warnings, *empty), seen)


def _read_parquet(task: _Task) -> Part:
    file = ParquetFile(task.source)
    columns = task.columns(file.names)
    if columns.faults:
        raise _of_columns(task, columns, lambda: file.batches(list(columns.known)))
    warnings, known = columns.warnings, list(columns.known)
    if unzoned := [name for name in known if name in file.int96]:
        warnings += (f"{columns_named(unzoned)} of type INT96, which has no zone: taken as local time",)
    if is_as_in_lake(file.schema, task.table) and file.codecs <= _READ_EVERYWHERE and task.profile is None:
        file.close()
        share_or_copy(task.source, task.staged)  # what is staged is what gets checked: nobody can change it meanwhile
        seen = _NullsSeen()
        rows_read = _count_if_clean(task, columns, seen)
        if rows_read is not None:
            return task.part(rows_read, warnings, seen, is_as_delivered=True)
        task.staged.unlink()  # it may be the delivered file itself, by another name: never to be written into
        file = ParquetFile(task.source)
    seen = _NullsSeen()
    rows_read = _stage(task, file.batches(known), columns, seen)
    file.close()
    return task.part(rows_read, warnings, seen)


def _of_columns(task: _Task, columns: Columns, batches: Callable[[], Iterable[Any]]) -> Rejected:
    """The rejection for names of columns, with what is wrong in the columns that are known: all faults in one round."""
    more = _further(task, lambda aside: _stage(aside, batches(), columns, _NullsSeen())) if columns.known else ""
    return Rejected(f"{'; '.join(columns.faults)}{more}")


def _further(task: _Task, read: Callable[[_Task], object]) -> str:
    """What else is wrong with a file that is rejected anyway, as the end of the message."""
    aside = replace(task, quarantine=Writer(task.staged.with_suffix(".faults")))
    try:
        read(aside)
    except Rejected as error:
        return f". Beside that: {error}"
    finally:
        aside.quarantine.close()
    return f". Beside that: {aside.quarantine.described()}" if aside.quarantine.rows else ""


def _count_if_clean(task: _Task, columns: Columns, seen: "_NullsSeen") -> int | None:
    """How many rows the staged file has, or None as soon as one is not as the lake would hold it."""
    file, count = ParquetFile(task.staged), 0
    for batch, numbers in file.batches(list(columns.known)):
        checked = rows.check(batch, task.table)
        if checked.changed or repeated_header(batch, list(columns.known))[0] is not None:
            return None
        seen.add(checked, numbers)
        count += len(batch)
    return count


def _stage(task: _Task, batches: Iterable[Any], columns: Columns, seen: "_NullsSeen") -> int:
    rows_read, delivered = 0, list(columns.known)
    with (
        pq.ParquetWriter(task.staged, lake_schema(task.table), compression="zstd") as writer,
        open(task.lines, "wb") as line_file,
    ):
        for delivered_batch, numbers in batches:
            batch = delivered_batch.rename_columns(list(columns.known.values()))
            rows_read += len(batch)
            batch, numbers = _without_headers(task, batch, numbers, delivered)
            checked = rows.check(batch, task.table, task.reading)
            task.quarantine.add(task.source.name, numbers, checked.faults)
            seen.add(checked, numbers)
            writer.write_batch(checked.good)
            line_file.write(numbers[checked.good_rows].astype(np.int64).data)  # unlike tofile, it says why it cannot
    return rows_read


def _without_headers(
    task: _Task, batch: pa.RecordBatch, numbers: np.ndarray, delivered: list[str]
) -> tuple[pa.RecordBatch, np.ndarray]:
    """The batch and its lines without rows that repeat the header, as where parts were joined; those go to the quarantine."""
    mask, in_other_order = repeated_header(batch, delivered)
    if len(in_other_order):
        raise Rejected(
            f"line {numbers[in_other_order[0]]}: the header is there again, with its columns in another order, so the rows "
            "after it cannot be read. Deliver the parts as files of their own"
        )
    if mask is None:
        return batch, numbers
    faults = faults_of_columns(batch, task.table, batch.schema.names, mask, _REPEATED)
    task.quarantine.add(task.source.name, numbers, faults)
    keep = pc.invert(mask)
    return batch.filter(keep), numbers[keep.to_numpy(zero_copy_only=False)]


class _NullsSeen:
    """Texts of a file that look like a null written out: by column how many of each, and the line of the first."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, Counter[str]]] = {}

    def add(self, checked: rows.Checked, lines: np.ndarray) -> None:
        for name, found in checked.nulls_written_out.items():
            _, counts = self._found.setdefault(name, (int(lines[found.rows[0]]), Counter()))
            counts.update({pair["values"]: pair["counts"] for pair in pc.value_counts(found.texts).to_pylist()})

    def warnings(self, table: str) -> list[str]:
        """One sentence a column."""
        return [
            f"column {name}: {counts.total():,} values look like a null written out "
            f"({', '.join(f'{text} {count:,}' for text, count in counts.most_common())}; the first in line {line}); "
            f"kept as text. Leave such fields empty, or name them in null_values of {profile_name(table)}"
            for name, (line, counts) in self._found.items()
        ]
