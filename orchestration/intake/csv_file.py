"""Reads a CSV of one stated form, as text, and takes nothing else for it.

Only the form belongs here: comma, double quotes, LF or CRLF, UTF-8 with or without a byte order mark, a header, plain or
gzip; a reading profile may state another delimiter or encoding, or that there is no header. What the texts mean is values.py.

CSV readers guess and fix; this one checks first. A block of the file is looked at as bytes, vectorised: where quotes open
and close, which line ends and commas stand outside of them, whether every record has as many fields as the header. Only a
block that passed goes to Arrow's parser, which then has nothing left to guess. Memory is bounded by the block, not the file.
"""

import codecs
import csv
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from orchestration.intake.errors import TRIED_AGAIN, Empty, Foreign, Rejected
from orchestration.intake.shapes import encoding_of, is_utf8

BLOCK_BYTES = 16 * 2**20
MAX_RECORD_BYTES = 16 * 2**20
_BOM = b"\xef\xbb\xbf"
_QUOTE, _LF, _CR = b'"\n\r'
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", "^": "caret", "~": "tilde", "\x01": "control-A"}
_RESEND = "Deliver the file again, whole"


@dataclass(frozen=True)
class CsvForm:
    """How a CSV is written; without arguments as the contract says. `columns`: names of the columns of files without a header.

    `profile`: where another form can be stated, as messages name it.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    columns: tuple[str, ...] = ()
    profile: str = "a reading profile"


AS_THE_CONTRACT = CsvForm()


class CsvFile:
    """A CSV or gzipped CSV file, read once from its start. `names` is its header, or the form's columns.

    Raises Rejected for anything that is not of the form: on opening for the header, while iterating for the rest. Of these, Empty
    for a file without a byte, and Foreign where the form it seems to have is known.
    """

    def __init__(self, path: Path, block_bytes: int = BLOCK_BYTES, form: CsvForm = AS_THE_CONTRACT):
        self._form = form
        self._blocks = _whole_records(_bytes_of(path, block_bytes, form))
        first = next(self._blocks, None)
        self._first: _Layout | None = None
        self.names = list(form.columns)
        if first is not None:
            self._first = _layout(first, 1, form)
            self.names = self.names or _header(first[: self._first.ends[0]], form)
        elif not self.names:
            raise Empty(f"the file is empty; its first line must be a header. {_RESEND}")

    def batches(self, columns: list[str]) -> Iterator[tuple[pa.RecordBatch, np.ndarray]]:
        """Rows in file order as (text of the named columns, empty fields null; physical line each row begins on, header 1)."""
        layout, skip, field_count = self._first, 0 if self._form.columns else 1, len(self.names)
        while layout is not None:
            _check_field_counts(layout, field_count, "columns of the profile have" if self._form.columns else "header has")
            if len(layout.ends) > skip:
                start = layout.ends[0] if skip else 0
                yield self._parsed(layout.block[start:], columns, len(layout.ends) - skip), layout.lines[skip:]
            block = next(self._blocks, None)
            layout, skip = None if block is None else _layout(block, layout.next_line, self._form), 0

    def _parsed(self, block: bytes, columns: list[str], rows: int) -> pa.RecordBatch:
        table = arrow_csv.read_csv(
            pa.BufferReader(block),
            read_options=arrow_csv.ReadOptions(column_names=self.names, block_size=len(block) + 1, use_threads=False),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self._form.delimiter, newlines_in_values=True, ignore_empty_lines=False
            ),
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

    def __init__(self, block: bytes, line: int, delimiter: int):
        self.block, self._delimiter = block, delimiter
        data = np.frombuffer(block, np.uint8)
        quotes = np.flatnonzero(data == _QUOTE)
        line_ends = np.flatnonzero(data == _LF)
        commas = np.flatnonzero(data == delimiter)
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
            (
                opening[~np.isin(before, (self._delimiter, _LF, _QUOTE))],
                closing[~np.isin(after, (self._delimiter, _LF, _CR, _QUOTE))],
            )
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


def _layout(block: bytes, line: int, form: CsvForm) -> _Layout:
    if b"\0" in block:
        bad_line = line + block[: block.index(0)].count(_LF)
        if encoding := encoding_of(block):
            raise _in_encoding(f"line {bad_line}: a zero byte; the bytes read as UTF-16", encoding, form)
        raise Rejected(f"line {bad_line}: a zero byte; the file is no UTF-8 text. {_RESEND}")
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as error:
        what = f"line {line + block[: error.start].count(_LF)}: not UTF-8"
        if encoding := encoding_of(block):
            raise _in_encoding(f"{what}; the bytes read as GBK", encoding, form) from None
        raise Rejected(
            f"{what} ({error.reason}). Write the file as UTF-8 and deliver it again, or give its encoding in {form.profile}"
        ) from None
    return _Layout(block, line, ord(form.delimiter))


def _in_encoding(what: str, encoding: str, form: CsvForm) -> Foreign:
    stated = f"Write the file as UTF-8, or give encoding: {encoding} in {form.profile}"
    return Foreign(f"{what}. {stated}", encoding=encoding)


def _unquoted(positions: np.ndarray, quotes: np.ndarray) -> np.ndarray:
    return positions[np.searchsorted(quotes, positions) % 2 == 0]


def _check_field_counts(layout: _Layout, expected: int, whose: str) -> None:
    wrong = np.flatnonzero(layout.fields != expected)
    if not len(wrong):
        return
    record = wrong[0]
    start = layout.ends[record - 1] if record else 0
    is_blank = not layout.block[start : layout.ends[record]].strip(b"\r\n")
    what = "a blank line" if is_blank else f"{layout.fields[record]} field{'s' if layout.fields[record] > 1 else ''}"
    raise Rejected(
        f"line {layout.lines[record]}: {what} where the {whose} {expected} fields; the file is truncated or broken. {_RESEND}"
    )


def _header(record: bytes, form: CsvForm) -> list[str]:
    try:
        names = next(csv.reader([record.decode("utf-8").rstrip("\r\n")], delimiter=form.delimiter, strict=True), None) or [""]
    except csv.Error as error:
        raise Rejected(f"line 1: no header ({error}). {_RESEND}") from error
    if len(names) == 1:
        found = [delimiter for delimiter in _DELIMITERS if delimiter in names[0]]
        if found:
            delimiter = max(found, key=names[0].count)
            raise Foreign(
                f"line 1: the fields are divided by a {_DELIMITERS[delimiter]}; the delimiter must be a "
                f"{_DELIMITERS.get(form.delimiter, form.delimiter)}. Write the file so, or give delimiter: "
                f"{'tab' if delimiter == chr(9) else repr(delimiter)} in {form.profile}",
                delimiter=delimiter,
            )
    return names


def _bytes_of(path: Path, block_bytes: int, form: CsvForm) -> Iterator[bytes]:
    """The file's bytes as UTF-8, unpacked, without the byte order mark.

    Raises Rejected where gzip's checksum or length is wrong, and where the bytes are not of the form's encoding.
    """
    if codecs.lookup(form.encoding).name in ("utf-8", "utf-8-sig"):
        blocks = _raw_bytes(path, block_bytes)
        first = next(blocks, b"")
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise _in_encoding("line 1: the file is UTF-16", "utf-16", form)
        yield first.removeprefix(_BOM)
        yield from blocks
        return
    # GBK is read by its superset, as there are characters that tools write and GBK lacks.
    encoding = "gb18030" if codecs.lookup(form.encoding).name in ("gbk", "gb2312") else form.encoding
    decoder, lines, is_first = codecs.getincrementaldecoder(encoding)(), 1, True
    for block in chain(_raw_bytes(path, block_bytes), (b"",)):
        if is_utf8(block) and not encoding.lower().startswith("utf"):
            raise Rejected(f"the bytes read as UTF-8, not as {form.encoding}. Correct the encoding in {form.profile}")
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeError as error:
            raise Rejected(
                f"near line {lines}: not {form.encoding} ({getattr(error, 'reason', error)}), "
                f"as the encoding in {form.profile} says. {_RESEND}, or correct the profile"
            ) from None
        lines += text.count("\n")
        yield (text.removeprefix("\ufeff") if is_first else text).encode("utf-8")
        is_first = is_first and not text


def _raw_bytes(path: Path, block_bytes: int) -> Iterator[bytes]:
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opener(path, "rb") as file:
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
