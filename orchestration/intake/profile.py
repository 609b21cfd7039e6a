"""Reading profiles: how a source writes a table, where it cannot write the contract's form. $TELCO360_HOME/profiles/<table>.yml.

Only the profile itself belongs here: reading the file, checking it against the contract, saying what it does. reading.py applies
it to values, csv_file.py and columns.py to files.
"""

import codecs
import hashlib
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestration.base.contract import Table
from orchestration.base.settings import Home
from orchestration.base.words import did_you_mean
from orchestration.intake.errors import Rejected

FOLDER, SUFFIX = "profiles", ".yml"
UNITS: dict[str, tuple[str, Fraction]] = {
    "fen": ("money", Fraction(1, 100)),
    "jiao": ("money", Fraction(1, 10)),
    "li": ("money", Fraction(1, 1000)),
    "bytes": ("mb", Fraction(1, 2**20)),
    "kb": ("mb", Fraction(1, 2**10)),
    "gb": ("mb", Fraction(2**10)),
    "seconds": ("minutes", Fraction(1, 60)),
    "hours": ("minutes", Fraction(60)),
}
"""What a delivered unit measures, and how much of the contract's unit (yuan, MB of 1024 KB, minutes) one of it is."""

_DELIMITERS = (",", ";", "|", "\t", "^", "~", ":", "\x01")
_DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "\\x01": "\x01"}
_DATE_CODES = {"Y": "[0-9]{4}", "m": "[0-9]{1,2}", "d": "[0-9]{1,2}"}
_TIME_CODES = {"H": "[0-9]{1,2}", "M": "[0-9]{1,2}", "S": "[0-9]{1,2}", "f": "[0-9]{1,6}"}


def profile_name(table: str) -> str:
    """The profile's path as messages name it, within the home."""
    return f"{FOLDER}/{table}{SUFFIX}"


class Profile(BaseModel):
    """The keys of a profile. Every key is optional; what is left out is the contract's own form."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    delimiter: str = ","
    encoding: str = "utf-8"
    header: bool = True
    columns: list[str] = Field(default=[], description="names of the columns in order, for files without a header")
    rename: dict[str, str] = {}
    date_format: str | dict[str, str] = {}
    timestamp_format: str | dict[str, str] = {}
    decimal_separator: str = "."
    thousands_separator: str = ""
    null_values: list[str] = []
    true_values: list[str] = []
    false_values: list[str] = []
    units: dict[str, str] = {}
    rounded: list[str] = []
    values: dict[str, dict[str, str]] = {}
    numbers_as_text: list[str] = []

    def format_of(self, column: str, data_type: str) -> str | None:
        """The form in which the column's dates or times are written; None: the contract's."""
        given = {"date": self.date_format, "timestamp": self.timestamp_format}.get(data_type, {})
        return given if isinstance(given, str) else given.get(column)

    def described(self) -> str:
        """What the profile changes, in words, in the order of its keys."""
        changed = [name for name in type(self).model_fields if name in self.model_fields_set]
        return ", ".join(_described(name, getattr(self, name)) for name in changed)


def load_profile(home: Home, table: Table) -> Profile | None:
    """The table's profile, None where there is none. Raises Rejected, naming file and keys, for one that is at fault."""
    name = profile_name(table.name)
    try:
        given = yaml.load((home.root / name).read_text(encoding="utf-8-sig"), Loader=_Texts)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Rejected(f"{name}: cannot be read ({error.strerror}). Let intake read it") from error
    except UnicodeDecodeError as error:
        raise Rejected(f"{name}: is no UTF-8 text. Save it as UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise Rejected(f"{name}: {where}is no YAML ({getattr(error, 'problem', None) or error}). Correct the file") from error
    return parse_profile(given, table)


def parse_profile(given: object, table: Table) -> Profile:
    """A profile from what its YAML says, all values texts. Raises Rejected with all of its faults."""
    name = profile_name(table.name)
    if not isinstance(given, dict):
        raise Rejected(f"{name}: holds no keys. Write lines such as delimiter: ';', or remove the file")
    if isinstance(given.get("delimiter"), str):
        given = given | {"delimiter": _DELIMITER_NAMES.get(given["delimiter"].lower(), given["delimiter"])}
    try:
        profile = Profile.model_validate(given)
    except ValidationError as error:
        raise _at_fault(name, [_sentence(fault) for fault in error.errors()]) from None
    if faults := list(_faults(profile, table)):
        raise _at_fault(name, faults)
    return profile


def fingerprint(home: Home, table: str) -> str:
    """Changes with the profile's file; empty where there is none."""
    try:
        return hashlib.sha256((home.root / profile_name(table)).read_bytes()).hexdigest()
    except OSError as error:
        return "" if isinstance(error, FileNotFoundError) else str(error.strerror)


def unused(home: Home, tables: set[str]) -> list[str]:
    """A sentence for each file among the profiles that belongs to no table."""
    folder = home.root / FOLDER
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []
    return [
        f"{FOLDER}/{name}: belongs to no table; not used. Name it <table>{SUFFIX}{did_you_mean(name.split('.')[0], tables)}"
        for name in names
        if not name.endswith(SUFFIX) or name.removesuffix(SUFFIX) not in tables
    ]


@dataclass(frozen=True)
class DateForm:
    """A form such as %d.%m.%Y, ready to read with. `pattern` names its groups Y, m, d, H, M, S, f."""

    text: str
    pattern: str
    codes: frozenset[str]


def date_form(text: str) -> DateForm:
    """Raises ValueError, saying what is wrong, for a form that does not tell one day or time."""
    allowed, pattern, codes = _DATE_CODES | _TIME_CODES, "", []
    parts = re.split(r"(%.)", text)
    for at, part in enumerate(parts):
        if not part.startswith("%"):
            pattern += re.escape(part)
            continue
        code = part[1:]
        if code not in allowed:
            raise ValueError(f"{part} is not known; use %Y, %m, %d, %H, %M, %S and %f")
        is_joined = (at + 2 < len(parts) and not parts[at + 1]) or (at >= 2 and not parts[at - 1])
        digits = "[0-9]{2}" if is_joined and code in "mdHMS" else allowed[code]
        pattern += f"(?P<{code}>{digits})"
        codes.append(code)
    if len(set(codes)) < len(codes) or not {"Y", "m"} <= set(codes):
        raise ValueError("it must hold %Y and %m, and each code once")
    return DateForm(text, f"^{pattern}$", frozenset(codes))


def measure_of(column: str, data_type: str) -> str:
    """What a number of the contract measures: mb, minutes, money, or nothing that has units."""
    if column.endswith(("_mb", "_minutes")):
        return column.rsplit("_", 1)[1]
    return "money" if data_type.startswith("decimal(") and data_type.replace(" ", "").endswith(",2)") else ""


def _faults(profile: Profile, table: Table) -> Iterator[str]:
    types = {c.name: c.data_type for c in table.columns}
    if profile.delimiter not in _DELIMITERS:
        yield f"delimiter: '{profile.delimiter}' is none of , ; | ^ ~ : tab \\x01"
    try:
        "a".encode(profile.encoding)  # raises for a codec that gives no text, such as base64
        codecs.getincrementaldecoder(profile.encoding)
    except (LookupError, ValueError):
        yield f"encoding: '{profile.encoding}' is not known; use utf-8, gbk, gb18030, big5 or utf-16"
    if profile.header and profile.columns:
        yield "columns: are for files without a header; write header: false too, or rename: {…} instead"
    if not profile.header and not profile.columns:
        yield "columns: is missing; without a header, name the columns in their order: columns: [subscriber_id, …]"
    if profile.decimal_separator not in (".", ",") or profile.thousands_separator not in ("", ".", ",", " ", "'", "_"):
        yield "decimal_separator must be . or , and thousands_separator one of . , blank ' _"
    if profile.decimal_separator == profile.thousands_separator:
        yield "thousands_separator: is the decimal_separator too; they must differ"
    if both := set(profile.true_values) & set(profile.false_values):
        yield f"true_values: {', '.join(sorted(both))} stands in false_values too"
    twice = {c for c in profile.rename.values() if list(profile.rename.values()).count(c) > 1}
    if twice:
        yield f"rename: {', '.join(sorted(twice))} comes twice"
    named = {
        "rename": list(profile.rename.values()),
        "units": list(profile.units),
        "rounded": profile.rounded,
        "values": list(profile.values),
        "numbers_as_text": profile.numbers_as_text,
        "date_format": list(profile.date_format) if isinstance(profile.date_format, dict) else [],
        "timestamp_format": list(profile.timestamp_format) if isinstance(profile.timestamp_format, dict) else [],
    }
    for key, names in named.items():
        yield from (f"{key}: {n} is no column of {table.name}{did_you_mean(n, types)}" for n in names if n not in types)
    for column, unit in profile.units.items():
        if unit not in UNITS:
            yield f"units: {column}: '{unit}' is no unit; use one of {', '.join(UNITS)}{did_you_mean(unit, UNITS)}"
        elif column in types and measure_of(column, types[column]) != UNITS[unit][0]:
            yield f"units: {column} is not counted in {unit}"
    yield from (f"rounded: {c} has no unit; name it in units too" for c in profile.rounded if c not in profile.units)
    yield from (f"numbers_as_text: {c} is no text" for c in profile.numbers_as_text if types.get(c, "string") != "string")
    for key, data_type in (("date_format", "date"), ("timestamp_format", "timestamp")):
        given = getattr(profile, key)
        for column, form in ({"": given} if isinstance(given, str) else given).items():
            at = f"{key}: {column}: " if column else f"{key}: "
            if types.get(column, data_type) != data_type:
                yield f"{at}is no {data_type} but {types[column]}"
            try:
                date_form(form)
            except ValueError as error:
                yield f"{at}'{form}': {error}"


def _described(name: str, value: Any) -> str:
    words = name.replace("_", " ")
    if name == "delimiter" and value in _DELIMITER_NAMES.values():
        return f"delimiter {next(shown for shown, sign in _DELIMITER_NAMES.items() if sign == value)}"
    if name == "header":
        return "with a header" if value else "no header"
    if name == "units":
        return ", ".join(f"{column} in {unit}" for column, unit in value.items())
    if isinstance(value, dict):
        shown = (
            f"{k} as {v}" if isinstance(v, str) else f"{k} ({', '.join(f'{a} as {b}' for a, b in v.items())})"
            for k, v in value.items()
        )
        return f"{words} {', '.join(shown)}"
    return (
        f"{words} {', '.join(value)}"
        if isinstance(value, list)
        else f"{words} '{value}'"
        if not value.isalnum()
        else f"{words} {value}"
    )


def _sentence(fault: Mapping[str, Any]) -> str:
    key = ": ".join(str(part) for part in fault["loc"] if part not in ("str", "dict[str,str]"))
    if fault["type"] == "extra_forbidden":
        return f"unknown key {key}{did_you_mean(key, Profile.model_fields)}"
    return f"{key}: {fault['msg'].removeprefix('Input ').removeprefix('Value error, ')}"


def _at_fault(name: str, faults: list[str]) -> Rejected:
    return Rejected(f"{name}: {'; '.join(dict.fromkeys(faults))}. Correct the profile and run again")


class _Texts(yaml.BaseLoader):
    """YAML in which every value is the text that is there (NULL, yes and 1 among them), and no key comes twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        if len(set(keys)) < len(keys):
            twice = next(key for i, key in enumerate(keys) if key in keys[:i])
            raise yaml.constructor.ConstructorError(None, None, f"{twice} comes twice", node.start_mark)
        return super().construct_mapping(node, deep)
