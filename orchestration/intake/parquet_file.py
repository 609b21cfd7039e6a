"""Reads a Parquet file as it was written, checksums included, and says whether its schema already is the lake's.

Only the file format belongs here; what the values may be is values.py.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.intake.errors import Rejected

BATCH_ROWS = 262_144
_NANO_MICROS = 2**63 // 1_000  # as far as nanoseconds reach, in microseconds
_TEXT = (pa.types.is_large_string, pa.types.is_string_view, pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)


class ParquetFile:
    """A Parquet file. `names` are its columns, `schema` their Arrow types, `int96` the columns of that physical type,
    `codecs` how its pages are compressed.

    Raises Rejected where the file is truncated or corrupt: on opening for its footer, while iterating for its pages.
    """

    def __init__(self, path: Path):
        self._path = path
        try:
            self._file = pq.ParquetFile(path, page_checksum_verification=True)
            self.schema = self._file.schema_arrow
        except (pa.ArrowException, OSError) as error:
            raise _corrupt(error) from error
        self.names = self.schema.names
        groups = [self._file.metadata.row_group(i) for i in range(self._file.metadata.num_row_groups)]
        self.codecs = {group.column(i).compression for group in groups for i in range(group.num_columns)}
        # A form given up long ago, which does not say whether it is local time; Spark and Hive write it in UTC.
        written = self._file.schema
        self.int96 = [c.path for c in (written.column(i) for i in range(len(written.names))) if c.physical_type == "INT96"]

    def batches(self, columns: list[str]) -> Iterator[tuple[pa.RecordBatch, np.ndarray]]:
        """Rows in file order as (the named columns, number of each row counted from 1).

        Columns are as delivered, but for how text is held: dictionaries, views and bytes all come as plain strings.
        """
        done, int96 = 0, [name for name in columns if name in self.int96]
        try:
            in_micros = self._int96_in_micros(int96)
            for batch in self._file.iter_batches(BATCH_ROWS, columns=columns):
                batch.validate(full=True)  # the reader itself does not look whether text is UTF-8
                if int96:
                    batch = _with_far_years(batch, next(in_micros))
                yield _in_plain_types(batch.select(columns)), np.arange(done + 1, done + 1 + len(batch))
                done += len(batch)
        except (pa.ArrowException, OSError) as error:
            raise _corrupt(error) from error
        if done != self._file.metadata.num_rows:
            raise _corrupt(f"{done} rows read, {self._file.metadata.num_rows} announced")

    def _int96_in_micros(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(self._path, coerce_int96_timestamp_unit="us") as file:
            yield from file.iter_batches(BATCH_ROWS, columns=columns)

    def close(self) -> None:
        self._file.close()


def _with_far_years(batch: pa.RecordBatch, in_micros: pa.RecordBatch) -> pa.RecordBatch:
    """INT96 comes as nanoseconds, which wrap around outside of the years 1678 to 2261; then it is taken in microseconds, unless
    some value has more than those."""
    for name in in_micros.schema.names:
        nanos, micros = pc.cast(batch.column(name), pa.int64()), pc.cast(in_micros.column(name), pa.int64())
        is_far = pc.not_equal(pc.divide(micros, _NANO_MICROS), 0)
        is_whole = pc.equal(pc.multiply(pc.divide(nanos, 1_000), 1_000), nanos)
        if pc.any(is_far, min_count=0).as_py() and pc.all(pc.or_(is_far, is_whole), min_count=0).as_py():
            batch = batch.set_column(batch.schema.get_field_index(name), name, in_micros.column(name))
    return batch


def _in_plain_types(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if any(is_kind(column.type) for is_kind in _TEXT):
            try:
                column = pc.cast(column, pa.string())
            except pa.ArrowInvalid:
                raise Rejected(f"column {name}: not UTF-8. Write the text as UTF-8 and deliver the file again") from None
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, batch.schema.names)


def _corrupt(error: object) -> Rejected:
    first_line = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return Rejected(f"the Parquet file is truncated or corrupt ({first_line}). Deliver the file again, whole")
