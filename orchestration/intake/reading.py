"""Delivered values as a reading profile says they are written, turned into the contract's own spelling before they are checked.

Only single columns belong here: arrays in, arrays out. What is not written as the profile says is bad; nothing is guessed.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.base.contract import Column
from orchestration.intake.profile import UNITS, Profile, date_form, profile_name
from orchestration.intake.values import decimals_of, is_any, plain_text

_NULL = pa.scalar(None, pa.string())
_TIME = "HMSf"


@dataclass(frozen=True)
class Read:
    """A column in the contract's spelling. `bad` marks values that are not written as the profile says (null in `values`), and
    `reason` says so; None where there are none."""

    values: pa.Array
    bad: pa.Array | None = None
    reason: str = ""


@dataclass(frozen=True)
class Reading:
    """How the values of a table are read: `profile`, and how messages name it."""

    table: str
    profile: Profile

    def column(self, column: Column, array: pa.Array) -> Read:
        """The delivered array of a column as the contract would have it written; the same array where the profile leaves it."""
        profile, kind = self.profile, column.data_type
        if column.name in profile.numbers_as_text and pa.types.is_integer(array.type):
            array = pc.cast(array, pa.string())
        if not pa.types.is_string(array.type):
            is_changed = column.name in profile.units or column.name in profile.values
            if not is_changed or not _is_plain(array.type):
                return Read(array)
            array = plain_text(array)
            profile = profile.model_copy(update={"decimal_separator": ".", "thousands_separator": ""})
        if profile.null_values:
            is_null = pc.is_in(pc.utf8_trim_whitespace(array), pa.array(profile.null_values, pa.string()))
            array = pc.if_else(is_null, _NULL, array) if is_any(is_null) else array
        if codes := profile.values.get(column.name):
            array = _mapped(array, codes)
        if kind == "boolean" and (profile.true_values or profile.false_values):
            array = _mapped(array, dict.fromkeys(profile.true_values, "true") | dict.fromkeys(profile.false_values, "false"))
        if form := profile.format_of(column.name, kind):
            return self._with(*_dated(array, form, kind), f"is not written as {form}, the {kind}_format")
        if column.is_numeric:
            return self._number(profile, column, array)
        return Read(array)

    def _number(self, profile: Profile, column: Column, array: pa.Array) -> Read:
        point, thousands = profile.decimal_separator, profile.thousands_separator
        bad, reason = None, ""
        if (point, thousands) != (".", ""):
            read = self._with(*_separated(array, point, thousands), "is not written with the separators")
            array, bad, reason = read.values, read.bad, read.reason
        if column.name not in profile.units:
            return Read(array, bad, reason)
        unit = profile.units[column.name]
        converted, is_odd = _converted(array, UNITS[unit][1], decimals_of(column.data_type), column.name in profile.rounded)
        if is_any(is_odd):
            words = (
                f"in {unit} is no {column.data_type} without rounding, or no number: correct it, or name the column in rounded"
            )
            reason = f"{reason}, or {words} of {profile_name(self.table)}" if reason else f"{words} of {profile_name(self.table)}"
            bad = is_odd if bad is None else pc.or_(bad, is_odd)
        return Read(converted, bad, reason)

    def _with(self, after: pa.Array, bad: pa.Array, words: str) -> Read:
        return Read(after, bad, f"{words} of {profile_name(self.table)}") if is_any(bad) else Read(after)


def _is_plain(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _mapped(array: pa.Array, codes: dict[str, str]) -> pa.Array:
    """The texts with each code replaced by its value; others stay, for the contract to judge."""
    at = pc.index_in(pc.utf8_trim_whitespace(array), pa.array(list(codes), pa.string()))
    return pc.coalesce(pa.array(list(codes.values()), pa.string()).take(at), array)


def _dated(array: pa.Array, text: str, data_type: str) -> tuple[pa.Array, pa.Array]:
    """(dates or times as the contract writes them, which were not of the form)."""
    form = date_form(text)
    trimmed = _without_empties(array)
    found = pc.extract_regex(trimmed, form.pattern)
    is_bad = pc.and_(pc.is_valid(trimmed), pc.is_null(found))

    def field(code: str, default: str, width: int = 2) -> pa.Array:
        if code not in form.codes:
            return pa.array([default] * len(array), pa.string())
        return pc.utf8_lpad(pc.struct_field(found, code), width, "0")

    day = pc.binary_join_element_wise(field("Y", "0001", 4), field("m", "01"), field("d", "01"), "-")
    if data_type == "date":
        for code in form.codes & set(_TIME):  # a date with a time is a date at midnight alone
            late = pc.fill_null(pc.match_substring_regex(pc.struct_field(found, code), "[1-9]"), False)
            is_bad = pc.or_(is_bad, late)
        return pc.if_else(is_bad, _NULL, day), is_bad
    time = pc.binary_join_element_wise(field("H", "00"), field("M", "00"), field("S", "00"), ":")
    moment = pc.binary_join_element_wise(day, time, " ")
    if "f" in form.codes:
        moment = pc.binary_join_element_wise(moment, pc.struct_field(found, "f"), ".")
    return pc.if_else(is_bad, _NULL, moment), is_bad


def _separated(array: pa.Array, point: str, thousands: str) -> tuple[pa.Array, pa.Array]:
    """(numbers as the contract writes them, which were not written with these separators)."""
    text = _without_empties(array)
    whole = "[0-9]+" + (f"|[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+" if thousands else "")
    is_fine = pc.match_substring_regex(text, rf"^[+-]?(?:{whole})(?:{re.escape(point)}[0-9]+)?$")
    is_bad = pc.fill_null(pc.invert(is_fine), False)
    if thousands:
        text = pc.replace_substring(text, thousands, "")
    return pc.if_else(is_bad, _NULL, pc.replace_substring(text, point, ".")), is_bad


def _converted(array: pa.Array, factor: Fraction, decimals: int, is_rounded: bool) -> tuple[pa.Array, pa.Array]:
    """(numbers of one unit in the contract's, as text; which are none, or not exact in its decimals). Halves are rounded away
    from zero. Each different number is converted once."""
    encoded = array.dictionary_encode()
    numbers = [_in_unit(text, factor, decimals, is_rounded) for text in encoded.dictionary.to_pylist()]
    converted = pa.array(numbers, pa.string()).take(encoded.indices)
    is_empty = pc.fill_null(pc.equal(pc.binary_length(array), 0), True)
    return converted, pc.and_not(pc.is_null(converted), is_empty)


def _in_unit(text: str, factor: Fraction, decimals: int, is_rounded: bool) -> str | None:
    if not re.fullmatch(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?", text):
        return None
    try:
        ticks = Fraction(Decimal(text)) * factor * 10**decimals
    except InvalidOperation:
        return None
    if ticks.denominator != 1 and not is_rounded:
        return None
    whole = abs(ticks).numerator * 2 // abs(ticks).denominator
    digits = str((whole + 1) // 2).rjust(decimals + 1, "0")
    sign = "-" if ticks < 0 and int(digits) else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else sign + digits


def _without_empties(array: pa.Array) -> pa.Array:
    text = pc.utf8_trim_whitespace(array)
    return pc.if_else(pc.equal(pc.binary_length(text), 0), _NULL, text)
