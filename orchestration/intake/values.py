"""From a delivered column to a column of the lake: strict types, value by value, nothing rounded, shifted or guessed.

Only single columns belong here: arrays in, arrays out, no files. What spans columns is in rows.py, what spans rows in
validate.py.

Text counts as a value of its type only in the contract's own spelling (PATTERNS). Typed values of a Parquet file count where
they go into the contract's type without loss; everything else is bad. Text is trimmed in keys and codes, of whatever type;
elsewhere blanks around a number or a date make it bad, and blanks around a free text belong to the text.
An empty text is null, in a Parquet file as in a CSV.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.base.contract import Column, Table

_YEAR = r"(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"  # 0001 to 9999
_LEAP_YEAR = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
DATE_PATTERN = (
    rf"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    rf"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP_YEAR}-02-29)"
)
PATTERNS = {
    "integer": r"^[+-]?[0-9]+$",
    "boolean": r"^(?:true|false)$",
    "date": rf"^{DATE_PATTERN}$",
    "timestamp": rf"^{DATE_PATTERN} (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{1,6}})?$",
}
_SAFE_INTEGER = r"^[+-]?0*[0-9]{1,18}$"  # every such text fits an int64
_INT64 = range(-(2**63), 2**63)
_FIRST_DAY, _LAST_DAY = -719162, 2932896  # 0001-01-01 and 9999-12-31 in days since 1970
_DAY_MICROSECONDS = 86_400_000_000
_LAKE_TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


@dataclass(frozen=True)
class Typed:
    """A column in its lake type. `bad` marks values that are not of the type (they are null in `values`); None: not one is.

    `changed` is False where `values` says exactly what was delivered; `is_other_type`: no value of the delivered type can be
    one of the contract's.
    """

    values: pa.Array
    bad: pa.Array | None = None
    changed: bool = True
    is_other_type: bool = False


def lake_type(data_type: str) -> pa.DataType:
    """The Arrow type that a contract type has in the lake."""
    if data_type.startswith("decimal("):
        return pa.decimal128(*_precision(data_type))
    return _LAKE_TYPES[data_type]


def lake_schema(table: Table) -> pa.Schema:
    """All columns of a table, in the contract's order, in lake types."""
    return pa.schema([(c.name, lake_type(c.data_type)) for c in table.columns])


def is_as_in_lake(schema: pa.Schema, table: Table) -> bool:
    """Whether a file of this schema can lie in the lake as it is: all columns in the contract's order and in lake types, integers
    in narrower ones too. Readers take the widest type of a column, and an empty file of the contract's types is always there."""

    def fits(field: pa.Field, lake: pa.Field) -> bool:
        is_narrower = bool(lake.type == pa.int64() and pa.types.is_signed_integer(field.type))
        return field.name == lake.name and (bool(field.type == lake.type) or is_narrower)

    lake = lake_schema(table)
    return len(schema) == len(lake) and all(map(fits, schema, lake))


def is_trimmed(table: Table, column: Column) -> bool:
    """Whether blanks around the column's text are dropped: keys, ids, codes, closed values and references."""
    is_code = column.data_type == "string" and (
        column.name.endswith(("_id", "_code")) or bool(column.values) or column.references is not None
    )
    return is_code or column.name in table.key


def typed(array: pa.Array, data_type: str, is_code: bool) -> Typed:
    """The delivered array as the contract's type. `is_code`: blanks around text are dropped first."""
    target = lake_type(data_type)
    kind = array.type
    if pa.types.is_null(kind):
        return Typed(pa.nulls(len(array), target))
    if pa.types.is_string(kind):
        return _from_text(array, data_type, target, is_code)
    if data_type == "integer" and pa.types.is_integer(kind):
        return _from_integer(array)
    if data_type == "boolean" and pa.types.is_boolean(kind):
        return Typed(array, changed=False)
    if data_type == "date" and (pa.types.is_date(kind) or _is_local_timestamp(kind)):
        return _from_date(array)
    if data_type == "timestamp" and _is_local_timestamp(kind):
        return _from_timestamp(array)
    if _is_number(kind) and (data_type == "integer" or pa.types.is_decimal(target)):
        return _from_number(array, data_type, target)
    return _all_bad(array, target)


def as_text(array: pa.Array) -> pa.Array:
    """The array's values as text for a report; null stays null. Values without a text form show their type."""
    try:
        return pc.cast(array, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        shown = pa.array([f"<{array.type}>"] * len(array), pa.string())
        return pc.if_else(pc.is_valid(array), shown, pa.scalar(None, pa.string()))


def is_any(mask: pa.Array) -> bool:
    """Whether any element of a boolean array is true."""
    return bool(pc.any(mask, min_count=0).as_py())


def decimals_of(data_type: str) -> int:
    """How many decimals a number of the contract's type may have."""
    return _precision(data_type)[1] if data_type.startswith("decimal(") else 0


def _precision(data_type: str) -> tuple[int, int]:
    ((precision, scale),) = re.findall(r"^decimal\((\d+),\s*(\d+)\)$", data_type)
    return int(precision), int(scale)


def _pattern(data_type: str) -> str:
    if data_type.startswith("decimal("):
        precision, scale = _precision(data_type)
        whole = rf"0*[0-9]{{1,{precision - scale}}}" if precision > scale else "0+"
        fraction = rf"(?:\.[0-9]{{1,{scale}}})?" if scale else ""
        return rf"^-?{whole}{fraction}$"
    return PATTERNS[data_type]


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_local_timestamp(kind: pa.DataType) -> bool:
    return pa.types.is_timestamp(kind) and kind.tz is None


def _from_text(array: pa.Array, data_type: str, target: pa.DataType, is_code: bool) -> Typed:
    text = pc.utf8_trim_whitespace(array) if is_code else array
    is_empty = pc.equal(pc.binary_length(text), 0)
    if is_any(is_empty):
        text = pc.if_else(is_empty, pa.scalar(None, pa.string()), text)
    if data_type == "string":
        return Typed(text, changed=text is not array and not text.equals(array))
    return _parsed(text, data_type, target)


def _parsed(text: pa.Array, data_type: str, target: pa.DataType) -> Typed:
    """Text without empties, parsed by the strict pattern of its type."""
    if data_type == "integer":
        return _parsed_integer(text)
    text, bad = _without(text, pc.invert(pc.match_substring_regex(text, _pattern(data_type))))
    if data_type == "boolean":
        return Typed(pc.equal(text, "true"), bad)
    return Typed(pc.cast(text, target), bad)


def _parsed_integer(text: pa.Array) -> Typed:
    is_safe = pc.match_substring_regex(text, _SAFE_INTEGER)
    bad = None
    if not pc.all(is_safe, min_count=0).as_py():
        # Rare: not a number at all, or so long that only exact arithmetic can tell whether it fits.
        values = [None if t is None or not re.fullmatch(PATTERNS["integer"], t) else _int64(t) for t in text.to_pylist()]
        values = pa.array(values, pa.int64())
        return Typed(values, pc.and_(pc.is_valid(text), pc.is_null(values)))
    return Typed(pc.cast(pc.utf8_ltrim(text, "+"), pa.int64()), bad)


def _int64(text: str) -> int | None:
    digits = text.lstrip("+-").lstrip("0")
    if len(digits) > 19:
        return None
    number = int(text)
    return number if number in _INT64 else None


def _from_integer(array: pa.Array) -> Typed:
    if array.type == pa.uint64():
        array, bad = _without(array, pc.greater(array, pa.scalar(2**63 - 1, pa.uint64())))
        return Typed(pc.cast(array, pa.int64()), bad)
    return Typed(pc.cast(array, pa.int64()), changed=not pa.types.is_signed_integer(array.type))


def _from_date(array: pa.Array) -> Typed:
    if pa.types.is_date32(array.type):
        days = pc.cast(array, pa.int32())
        kept, bad = _without(array, _outside(days, _FIRST_DAY, _LAST_DAY))
        return Typed(kept, bad, changed=False)
    stamp = array if pa.types.is_timestamp(array.type) else pc.cast(array, pa.timestamp("ms"))
    as_timestamp = _from_timestamp(stamp)
    micros = pc.cast(as_timestamp.values, pa.int64())
    whole = pc.multiply(pc.divide(micros, _DAY_MICROSECONDS), _DAY_MICROSECONDS)
    kept, not_midnight = _without(as_timestamp.values, pc.not_equal(micros, whole))
    return Typed(pc.cast(kept, pa.date32()), _either(as_timestamp.bad, not_midnight))


def _from_timestamp(array: pa.Array) -> Typed:
    unit = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[array.type.unit]
    ticks = pc.cast(array, pa.int64())
    array, outside = _without(array, _outside(ticks, _FIRST_DAY * 86_400 * unit, (_LAST_DAY + 1) * 86_400 * unit - 1))
    if array.type == pa.timestamp("us"):
        return Typed(array, outside, changed=False)
    bad = None
    if array.type.unit == "ns":
        micros = pc.multiply(pc.divide(ticks, 1_000), 1_000)
        array, bad = _without(array, pc.not_equal(ticks, micros))
    return Typed(pc.cast(array, pa.timestamp("us")), _either(outside, bad))


def _from_number(array: pa.Array, data_type: str, target: pa.DataType) -> Typed:
    """Numbers of another type, by way of their shortest decimal text: what a person would have written in a CSV."""
    kind = array.type
    if kind == target:
        return Typed(array, changed=False)
    return _parsed(plain_text(array), data_type, target)


def plain_text(array: pa.Array) -> pa.Array:
    """Numbers as a person would write them: the shortest decimal text, without exponent."""
    text = pc.cast(array, pa.string())
    if pa.types.is_decimal(array.type) or pa.types.is_floating(array.type):
        has_exponent = pc.match_substring_regex(text, "^[-0-9.]+[eE]")
        if is_any(has_exponent):
            text = pa.array([_plain(t) for t in text.to_pylist()], pa.string())
        text = pc.replace_substring_regex(text, r"(\.[0-9]*?)0+$", r"\1")
        text = pc.replace_substring_regex(text, r"\.$", "")
    return text


def _plain(text: str | None) -> str | None:
    return text if text is None or "e" not in text.lower() else format(Decimal(text), "f")


def _all_bad(array: pa.Array, target: pa.DataType) -> Typed:
    bad = pc.is_valid(array)
    return Typed(pa.nulls(len(array), target), bad if is_any(bad) else None, is_other_type=True)


def _outside(numbers: pa.Array, low: int, high: int) -> pa.Array:
    if not _INT64.start <= low <= high < _INT64.stop:  # nanoseconds reach no further than the years 1677 to 2262
        return pa.array([False] * len(numbers), pa.bool_())
    return pc.or_(pc.less(numbers, low), pc.greater(numbers, high))


def _without(array: pa.Array, bad: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """The array with null for its bad values, and the mask of those; None for the mask where there are none."""
    if not is_any(bad):
        return array, None
    bad = pc.fill_null(bad, False)
    return pc.if_else(bad, pa.scalar(None, array.type), array), bad


def _either(one: pa.Array | None, other: pa.Array | None) -> pa.Array | None:
    return other if one is None else one if other is None else pc.or_(one, other)
