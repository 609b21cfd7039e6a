"""Reads a CSV of the contract's one dialect, as text, and takes nothing else for it.

Only the dialect belongs here: comma, double quotes, LF or CRLF, UTF-8 with or without a byte order mark, a header, plain or
gzip. What the texts mean is values.py.

CSV readers guess and mend; this one checks first. A block of the file is looked at as bytes, vectorised: where quotes open
and close, which line ends and commas stand outside of them, whether every record has as many fields as the header. Only a
block that passed goes to Arrow's parser, which then has nothing left to guess. Memory is bounded by the block, not the file.
"""

import csv
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from orchestration.intake.errors import TRIED_AGAIN, Rejected

BLOCK_BYTES = 16 * 2**20
MAX_RECORD_BYTES = 16 * 2**20
_BOM = b"\xef\xbb\xbf"
_QUOTE, _COMMA, _LF, _CR = b'",\n\r'
_RESEND = "Deliver the file again, whole"


class CsvFile:
    """A CSV or gzipped CSV file, read once from its start. `names` is its header.

    Raises Rejected for anything that is not the dialect: on opening for the header, while iterating for the rest.
    """

    def __init__(self, path: Path, block_bytes: int = BLOCK_BYTES):
        self._blocks = _whole_records(_bytes_of(path, block_bytes))
        first = next(self._blocks, None)
        if first is None:
            raise Rejected(f"the file is empty; its first line must be a header. {_RESEND}")
        self._first = _layout(first, 1)
        self.names = _header(first[: self._first.ends[0]])

    def batches(self, columns: list[str]) -> Iterator[tuple[pa.RecordBatch, np.ndarray]]:
        """Rows in file order as (text of the named columns, empty fields null; physical line each row begins on, header 1)."""
        layout, skip, field_count = self._first, 1, len(self.names)
        while layout is not None:
            _check_field_counts(layout, field_count)
            if len(layout.ends) > skip:
                start = layout.ends[0] if skip else 0
                yield self._parsed(layout.block[start:], columns, len(layout.ends) - skip), layout.lines[skip:]
            block = next(self._blocks, None)
            layout, skip = None if block is None else _layout(block, layout.next_line), 0

    def _parsed(self, block: bytes, columns: list[str], rows: int) -> pa.RecordBatch:
        table = arrow_csv.read_csv(
            pa.BufferReader(block),
            read_options=arrow_csv.ReadOptions(column_names=self.names, block_size=len(block) + 1, use_threads=False),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(self.names, pa.string()),
                include_columns=columns,
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
        if table.num_rows != rows:
            raise Rejected(f"two ways of counting its rows disagree ({rows} and {table.num_rows}). {_RESEND}")
        return table.combine_chunks().to_batches()[0]


class _Layout:
    """Where the records of a block of whole records lie: byte after each record's line end, physical line of each start."""

    def __init__(self, block: bytes, line: int):
        self.block = block
        data = np.frombuffer(block, np.uint8)
        quotes = np.flatnonzero(data == _QUOTE)
        line_ends = np.flatnonzero(data == _LF)
        commas = np.flatnonzero(data == _COMMA)
        returns = np.flatnonzero(data == _CR)
        if len(quotes):
            record_ends, commas, returns = (_unquoted(p, quotes) for p in (line_ends, commas, returns))
        else:
            record_ends = line_ends
        self.ends = record_ends + 1
        starts = np.concatenate(([0], self.ends[:-1]))
        self.lines = line + np.searchsorted(line_ends, starts)
        self.next_line = line + len(line_ends)
        self.fields = np.diff(np.searchsorted(commas, record_ends), prepend=0) + 1
        self._line, self._line_ends = line, line_ends
        self._check_quotes(data, quotes)
        self._check_returns(data, returns)

    def line_of(self, position: int) -> int:
        """The physical line that holds the byte."""
        return int(self._line + np.searchsorted(self._line_ends, position))

    def _check_quotes(self, data: np.ndarray, quotes: np.ndarray) -> None:
        """Quotes open and close in turn: one opens at a field's start and closes at its end, or both stand together as ""."""
        opening, closing = quotes[0::2], quotes[1::2]
        before = np.where(opening > 0, data[opening - 1], _LF)
        after = data[np.minimum(closing + 1, len(data) - 1)]
        stray = np.concatenate(
            (opening[~np.isin(before, (_COMMA, _LF, _QUOTE))], closing[~np.isin(after, (_COMMA, _LF, _CR, _QUOTE))])
        )
        if len(stray):
            raise Rejected(
                f"line {self.line_of(stray.min())}: a double quote within a field, or one that is never closed. "
                f'Put the field in quotes and double those within it (""), and deliver the file again'
            )

    def _check_returns(self, data: np.ndarray, returns: np.ndarray) -> None:
        stray = returns[data[np.minimum(returns + 1, len(data) - 1)] != _LF]
        if len(stray):
            raise Rejected(f"line {self.line_of(stray[0])}: a carriage return that ends no line; lines must end in LF or CRLF")


def _layout(block: bytes, line: int) -> _Layout:
    if b"\0" in block:
        raise Rejected(f"line {line + block[: block.index(0)].count(_LF)}: a zero byte; the file is no UTF-8 text. {_RESEND}")
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as error:
        bad_line = line + block[: error.start].count(_LF)
        raise Rejected(f"line {bad_line}: not UTF-8 ({error.reason}). Write the file as UTF-8 and deliver it again") from None
    return _Layout(block, line)


def _unquoted(positions: np.ndarray, quotes: np.ndarray) -> np.ndarray:
    return positions[np.searchsorted(quotes, positions) % 2 == 0]


def _check_field_counts(layout: _Layout, expected: int) -> None:
    wrong = np.flatnonzero(layout.fields != expected)
    if not len(wrong):
        return
    record = wrong[0]
    start = layout.ends[record - 1] if record else 0
    is_blank = not layout.block[start : layout.ends[record]].strip(b"\r\n")
    what = "a blank line" if is_blank else f"{layout.fields[record]} field{'s' if layout.fields[record] > 1 else ''}"
    raise Rejected(
        f"line {layout.lines[record]}: {what} where the header has {expected} fields; the file is truncated or broken. {_RESEND}"
    )


def _header(record: bytes) -> list[str]:
    try:
        names = next(csv.reader([record.decode("utf-8").rstrip("\r\n")], strict=True), None) or [""]
    except csv.Error as error:
        raise Rejected(f"line 1: no header ({error}). {_RESEND}") from error
    if len(names) == 1:
        for delimiter, name in ((";", "semicolon"), ("\t", "tab"), ("|", "bar")):
            if delimiter in names[0]:
                raise Rejected(f"line 1: the fields are divided by a {name}; the delimiter must be a comma. {_RESEND}")
    return names


def _bytes_of(path: Path, block_bytes: int) -> Iterator[bytes]:
    """The file's bytes, unpacked, without the byte order mark. Raises Rejected where gzip's checksum or length is wrong."""
    opener = gzip.open if path.name.endswith(".gz") else open
    try:
        with opener(path, "rb") as file:
            first = file.read(block_bytes)
            if first.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise Rejected("line 1: the file is UTF-16. Write it as UTF-8 and deliver it again")
            yield first.removeprefix(_BOM)
            while block := file.read(block_bytes):
                yield block
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Rejected(f"the gzip file is truncated or corrupt ({error}). {_RESEND}") from error
    except OSError as error:
        raise Rejected(f"cannot be read ({error.strerror}). {TRIED_AGAIN}") from error


def _whole_records(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes, cut after line ends that stand outside of quotes; a line end is added to the last record if it has none."""
    rest, line = b"", 1
    for block in blocks:
        rest += block
        cut = _last_record_end(rest)
        if cut:
            yield rest[:cut]
            line += rest[:cut].count(_LF)
            rest = rest[cut:]
        if len(rest) > MAX_RECORD_BYTES:
            raise Rejected(
                f"line {line}: a quote that is never closed, or a record of over {MAX_RECORD_BYTES >> 20} MB. {_RESEND}"
            )
    if rest.count(b'"') % 2:
        raise Rejected(f"line {line}: a quote that is never closed; the file is truncated or broken. {_RESEND}")
    if rest:
        yield rest + b"\n"


def _last_record_end(data: bytes) -> int:
    """How many bytes of `data`, which begins with a record, are whole records."""
    if b'"' not in data:
        return data.rfind(b"\n") + 1
    bytes_ = np.frombuffer(data, np.uint8)
    ends = _unquoted(np.flatnonzero(bytes_ == _LF), np.flatnonzero(bytes_ == _QUOTE))
    return int(ends[-1]) + 1 if len(ends) else 0
