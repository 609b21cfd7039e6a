"""One file of a delivery: its columns held against the contract, its rows checked, the good ones staged as typed Parquet.

A Parquet file that already is what the lake would hold is staged as a copy, byte for byte. What spans the files of a delivery
is in judge.py.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from orchestration.contract import Table
from orchestration.intake import rows
from orchestration.intake.csv_file import CsvFile
from orchestration.intake.errors import Rejected
from orchestration.intake.parquet_file import ParquetFile
from orchestration.intake.quarantine import Writer
from orchestration.intake.values import lake_schema

_READ_EVERYWHERE = {"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD"}
"""Ways of compression that every engine over the lake can undo; a file in another one is not copied as it is."""


@dataclass(frozen=True)
class Part:
    """A file after it was read. `staged`: its good rows as Parquet; `lines`: for each of them, its line in the file (int64)."""

    name: str
    rows_read: int
    staged: Path
    lines: Path
    warnings: tuple[str, ...]

    def line_numbers(self) -> np.ndarray:
        """The line of each staged row."""
        return np.memmap(self.lines, np.int64, "r") if self.lines.stat().st_size else np.empty(0, np.int64)


def read_part(source: Path, table: Table, staged: Path, quarantine: Writer) -> Part:
    """Reads a delivered file; good rows go to `staged`, the others to the quarantine. Raises Rejected for a file as a whole."""
    lines = staged.with_suffix(".lines")
    try:
        if source.name.endswith(".parquet"):
            return _read_parquet(source, table, staged, lines, quarantine)
        file = CsvFile(source)
        known, warnings = _columns(file.names, table)
        rows_read = _stage(file.batches(known), source.name, table, staged, lines, quarantine)
    except Rejected as error:
        raise error.within(source.name) from error
    return Part(source.name, rows_read, staged, lines, warnings)


def _read_parquet(source: Path, table: Table, staged: Path, lines: Path, quarantine: Writer) -> Part:
    file = ParquetFile(source)
    known, warnings = _columns(file.names, table)
    if unzoned := [name for name in known if name in file.int96]:
        warnings += (f"{_columns_named(unzoned)} of type INT96, which has no zone: taken as local time",)
    is_typed = [(f.name, f.type) for f in file.schema] == [(f.name, f.type) for f in lake_schema(table)]
    if is_typed and file.codecs <= _READ_EVERYWHERE:
        file.close()
        shutil.copyfile(source, staged)  # the copy is what gets checked: nobody can change it meanwhile
        rows_read = _count_if_clean(staged, table, known, lines)
        if rows_read is not None:
            return Part(source.name, rows_read, staged, lines, warnings)
        file = ParquetFile(source)
    rows_read = _stage(file.batches(known), source.name, table, staged, lines, quarantine)
    file.close()
    return Part(source.name, rows_read, staged, lines, warnings)


def _count_if_clean(path: Path, table: Table, known: list[str], lines: Path) -> int | None:
    """The file's rows, with their numbers written to `lines`, or None as soon as a row is not as the lake would hold it."""
    file, count = ParquetFile(path), 0
    with open(lines, "wb") as line_file:
        for batch, numbers in file.batches(known):
            if rows.check(batch, table).changed:
                return None
            line_file.write(numbers.astype(np.int64).data)
            count += len(batch)
    return count


def _stage(batches, name: str, table: Table, staged: Path, lines: Path, quarantine: Writer) -> int:
    rows_read = 0
    with pq.ParquetWriter(staged, lake_schema(table), compression="zstd") as writer, open(lines, "wb") as line_file:
        for batch, numbers in batches:
            checked = rows.check(batch, table)
            quarantine.add(name, numbers, checked.faults)
            writer.write_batch(checked.good)
            line_file.write(numbers[checked.good_rows].astype(np.int64).data)  # unlike tofile, it says why it cannot
            rows_read += len(batch)
    return rows_read


def _columns(names: list[str], table: Table) -> tuple[list[str], tuple[str, ...]]:
    """The delivered columns that the contract knows, in its order, and warnings for what is missing or unknown.

    Raises Rejected for a name that comes twice and for a missing column that must have values. Only names of the contract are
    told then: where the header is missing, the names are values.
    """
    contract_names = [c.name for c in table.columns]
    if len(set(names)) < len(names):
        twice = next(i for i, name in enumerate(names) if name in names[:i])
        known = f" '{names[twice]}'" if names[twice] in contract_names else ""
        first = names.index(names[twice])
        raise Rejected(f"columns {first + 1} and {twice + 1} have the same name{known}. Name each column once and deliver again")
    missing = [c for c in table.columns if c.name not in names]
    needed = [c.name for c in missing if not c.nullable or c.name in table.key]
    if needed:
        raise Rejected(f"{_columns_named(needed)} missing. Deliver the file again with all of its columns, named in the header")
    unknown = [name for name in names if name not in contract_names]
    warnings = [f"{_columns_named([c.name for c in missing])} missing, taken as null"] if missing else []
    warnings += [f"unknown {_columns_named(unknown)} dropped"] if unknown else []
    return [name for name in contract_names if name in names], tuple(warnings)


def _columns_named(names: list[str]) -> str:
    return f"column{'s' if len(names) > 1 else ''} {', '.join(name or 'without a name' for name in names)}"
