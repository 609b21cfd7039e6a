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
_TEXT = (pa.types.is_large_string, pa.types.is_string_view, pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)


class ParquetFile:
    """A Parquet file. `names` are its columns, `schema` their Arrow types, `int96` the columns of that physical type.

    Raises Rejected where the file is truncated or corrupt: on opening for its footer, while iterating for its pages.
    """

    def __init__(self, path: Path):
        try:
            self._file = pq.ParquetFile(path, page_checksum_verification=True)
            self.schema = self._file.schema_arrow
        except (pa.ArrowException, OSError) as error:
            raise _corrupt(error) from error
        self.names = self.schema.names
        # A form given up long ago, which does not say whether it is local time; Spark and Hive write it in UTC.
        written = self._file.schema
        self.int96 = [c.path for c in (written.column(i) for i in range(len(written.names))) if c.physical_type == "INT96"]

    def batches(self, columns: list[str]) -> Iterator[tuple[pa.RecordBatch, np.ndarray]]:
        """Rows in file order as (the named columns, number of each row counted from 1).

        Columns are as delivered, but for how text is held: dictionaries, views and bytes all come as plain strings.
        """
        done = 0
        try:
            for batch in self._file.iter_batches(BATCH_ROWS, columns=columns):
                batch.validate(full=True)  # the reader itself does not look whether text is UTF-8
                yield _in_plain_types(batch.select(columns)), np.arange(done + 1, done + 1 + len(batch))
                done += len(batch)
        except (pa.ArrowException, OSError) as error:
            raise _corrupt(error) from error
        if done != self._file.metadata.num_rows:
            raise _corrupt(f"{done} rows read, {self._file.metadata.num_rows} announced")

    def close(self) -> None:
        self._file.close()


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
