"""Shapes that other systems write and the contract does not know: what they are called, and what to do about them.

Only recognising belongs here, for messages and warnings; no value is changed.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.base.contract import Column
from orchestration.intake.profile import profile_name
from orchestration.intake.values import DATE_PATTERN, is_any

_ANY_CASE = ("null", "(null)", "<null>", "[null]", "nan", "n/a", "#n/a", "<na>")
NULLS_WRITTEN_OUT = (
    *(spelled for word in _ANY_CASE for spelled in dict.fromkeys((word, word.upper(), word.title()))),
    *("\\N", "None", "NONE", "NaN", "NaT", "#NULL!", "(Null)", "<NA>", "[Null]"),
)
"""How tools write that there is no value: Hive and MySQL, Oracle, pandas, Python, spreadsheets."""

_LOOKED_AT = 10_000  # characters by which an encoding is recognised
_NULLS = pa.array(NULLS_WRITTEN_OUT, pa.string())
_BOOLEAN = "is no boolean (true or false): "
_DATE = "is no date (YYYY-MM-DD): "
_TIMESTAMP = "is no timestamp (YYYY-MM-DD HH:MM:SS, no zone): "
_COMMA, _NO_COMMA = r"^[-+]?[0-9.' ]*,[0-9., ']*$", "a comma stands in it. Write 1234.50, or give the separators in {profile}"
NULL_CAUSE = "is a null written out: leave the field empty, or name it in null_values of {profile}"
_FLAGS = "or give true_values and false_values in {profile}"
_FORM = "or give timestamp_format in {profile}"
_CAUSES = {
    "boolean": [
        (r"^(?i:true|false)$", f"{_BOOLEAN}write it in lower case, {_FLAGS}"),
        (r"^(?i:y|n|yes|no|t|f|0|1|on|off|是|否)$", f"{_BOOLEAN}write true or false, {_FLAGS}"),
    ],
    "date": [
        (
            rf"^{DATE_PATTERN}[ T]00:00(?::00(?:\.0+)?)?$",
            f"{_DATE}it is a date with midnight. Write the date alone, or give date_format in {{profile}}",
        ),
        (rf"^{DATE_PATTERN}[ T][0-9:.]+$", f"{_DATE}it has a time. Write the date alone"),
        (
            r"^(?:[0-9]{6}|[0-9]{8}|[0-9]{1,4}[/.][0-9]{1,2}(?:[/.][0-9]{1,4})?|[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}|[0-9]{4}年.*)$",
            f"{_DATE}it is in another form. Write it so, or give date_format in {{profile}}",
        ),
    ],
    "timestamp": [
        (rf"^{DATE_PATTERN}T[0-9:.]+$", f"{_TIMESTAMP}a T stands in it. Write a blank there, {_FORM}"),
        (
            rf"^{DATE_PATTERN}[ T][0-9:.]+(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})$",
            f"{_TIMESTAMP}it has a zone. Write local time without one",
        ),
        (rf"^{DATE_PATTERN}$", f"{_TIMESTAMP}it is a date. Write the time too, {_FORM}"),
    ],
}


def looks_null(texts: pa.Array) -> pa.Array:
    """Which texts are a null written out."""
    return pc.is_in(texts, _NULLS)


@dataclass(frozen=True)
class WrittenOut:
    """Texts of a column that look like a null written out, and in which rows they stand."""

    rows: np.ndarray
    texts: pa.Array


def nulls_written_out(column: Column, values: pa.Array) -> WrittenOut | None:
    """Such texts of a string column, those of closed values left out; None where there are none."""
    if column.values or not pa.types.is_string(values.type):
        return None
    mask = looks_null(values)
    if not is_any(mask):
        return None
    rows = np.flatnonzero(mask.to_numpy(zero_copy_only=False))
    return WrittenOut(rows, values.take(pa.array(rows)))


def causes(table: str, column: Column, raw: pa.Array, bad: pa.Array) -> Iterator[tuple[pa.Array, str]]:
    """(mask, reason) of the bad values whose cause is known, each value once. `raw`: as delivered."""
    profile = profile_name(table)
    if not pa.types.is_string(raw.type):
        return
    text = pc.utf8_trim_whitespace(raw)
    known = [(_COMMA, f"is no {column.data_type}: {_NO_COMMA}")] if column.is_numeric else _CAUSES.get(column.data_type, [])
    checks: list[tuple[str, Callable[[], pa.Array]]] = [(NULL_CAUSE, lambda: looks_null(text))]
    checks += [(reason, partial(pc.match_substring_regex, text, pattern)) for pattern, reason in known]
    for reason, matches in checks:
        mask = pc.and_(bad, pc.fill_null(matches(), False))
        if is_any(mask):
            yield mask, reason.format(profile=profile)
            bad = pc.and_not(bad, mask)


def other_type(table: str, column: Column, kind: pa.DataType) -> str:
    """Why no value of a Parquet column can be one of the contract's, as the end of a message that shows a value."""
    reason = f"is {kind} in the Parquet file; the contract says {column.data_type}"
    if column.data_type == "string" and pa.types.is_integer(kind):
        reason += (
            ". As a number it has lost its leading zeros, if it had any: write it as text, or, if it had none, name the column "
        )
        return f"{reason}in numbers_as_text of {profile_name(table)}"
    return f"{reason}. Write it as that"


def repeated_header(batch: pa.RecordBatch, delivered: list[str]) -> tuple[pa.Array | None, np.ndarray]:
    """(which rows repeat the header, rows that hold it in another order of columns). `delivered`: the columns' names in the file,
    in the batch's order; letters of other case, blanks and a byte order mark make no difference."""
    names = [[name.strip().lower(), own] for name, own in zip(delivered, batch.schema.names, strict=True)]
    every = pa.array(sorted({name for pair in names for name in pair}), pa.string())
    texts = [i for i, column in enumerate(batch.columns) if pa.types.is_string(column.type)]
    none = np.empty(0, np.int64)
    if len(texts) < len(names):  # a header is text in every column
        return None, none
    # Rows are looked at one by one only where the first column says a column's name: of a plain file, none.
    near = np.flatnonzero(pc.fill_null(pc.is_in(_folded(batch.column(0)), every), False).to_numpy(zero_copy_only=False))
    if not len(near):
        return None, none
    rows = pc.take(batch, pa.array(near))
    same, other = np.ones(len(near), bool), np.ones(len(near), bool)
    for column, pair in zip(rows.columns, names, strict=True):
        folded = _folded(column)
        same &= pc.fill_null(pc.is_in(folded, pa.array(pair, pa.string())), False).to_numpy(zero_copy_only=False)
        other &= pc.fill_null(pc.is_in(folded, every), False).to_numpy(zero_copy_only=False)
    mask = np.zeros(len(batch), bool)
    mask[near[same]] = True
    return (pa.array(mask) if same.any() else None), near[other & ~same] if len(names) > 1 else none


def _folded(column: pa.Array) -> pa.Array:
    return pc.utf8_lower(pc.utf8_trim(column, ' \t\ufeff"'))


def holds_data(fields: list[str]) -> bool:
    """Whether a first line holds values rather than names: an empty field, one that begins with a digit, or one twice."""
    return len(set(fields)) < len(fields) or any(
        not f or re.match(r"[-+]?[0-9.]", f) or f.lower() in ("true", "false") for f in fields
    )


def encoding_of(data: bytes) -> str | None:
    """'gb18030' where bytes that are no UTF-8 read as Chinese text in GBK, 'utf-16-le' or 'utf-16-be' where every other byte is
    zero; else None."""
    if b"\0" in data:
        even, odd = data[0::2].count(0), data[1::2].count(0)
        if max(even, odd) < len(data) // 8:
            return None
        return "utf-16-le" if odd > even else "utf-16-be"
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return None
    foreign = [match[0] for match in islice(re.finditer(r"[^\x00-\x7f]", text), _LOOKED_AT)]
    # Common Chinese characters have two high bytes each; letters with accents in another encoding read as rare ones.
    common = sum(len(code) == 2 and min(code) > 0xA0 for code in (c.encode("gb18030") for c in foreign))
    return "gb18030" if foreign and common >= 0.8 * len(foreign) else None


def is_utf8(data: bytes) -> bool:
    """Whether bytes are UTF-8 with Chinese text, which in GBK would read as other characters without an error."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(data) - 3:  # not just cut within a character
            return False
        text = data[: error.start].decode("utf-8")
    return not text.isascii() and all(ord(c) < 0x80 or ord(c) > 0x7FF for c in text)
