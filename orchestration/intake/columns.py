"""The names that a file gives its columns, checked against the contract's.

Only names belong here. A name counts in whatever case, where nothing else may be meant; a reading profile may rename.
"""

from dataclasses import dataclass
from typing import Any

from orchestration.base.contract import Table
from orchestration.base.words import did_you_mean
from orchestration.intake.profile import Profile, profile_name
from orchestration.intake.shapes import holds_data


@dataclass(frozen=True)
class Columns:
    """`known`: the contract's name of each delivered column that it knows, by the delivered name, in the contract's order.
    `warnings` and `faults` say what is missing, unknown or ambiguous; a file with faults is to be rejected."""

    known: dict[str, str]
    warnings: tuple[str, ...]
    faults: tuple[str, ...]


def match(names: list[str], table: Table, profile: Profile, is_header: bool = True) -> Columns:
    """Finds the contract's columns among delivered names; `is_header`: they are in the file's first line.

    Names that the contract does not know are shown only beside ones that it knows: without a header, the names are values.
    """
    renamed = {_folded(source): column for source, column in profile.rename.items()}
    contract = {c.name: c for c in table.columns}
    meant = [renamed.get(_folded(name)) or (_folded(name) if _folded(name) in contract else None) for name in names]
    faults = _twice(names, meant)
    known = {column: names[meant.index(column)] for column in contract if column in meant}
    missing = [c for c in table.columns if c.name not in known]
    needed = [c.name for c in missing if not c.nullable or c.name in table.key]
    if needed:
        faults.append(_missing(names, needed, [c.name for c in missing], known, table, is_header))
    unread = [source for source in profile.rename if _folded(source) not in map(_folded, names)]
    warnings = []
    if other := [name for column, name in known.items() if name != column and _folded(name) not in renamed]:
        capitals = "in capitals" if all(name == name.upper() for name in other) else "with capitals or blanks"
        warnings.append(f"{columns_named(other)} {'is' if len(other) == 1 else 'are'} there {capitals}; read all the same")
    if unread:
        warnings.append(f"{columns_named(unread)} of rename in {profile_name(table.name)} not in the file")
    if told := [c.name for c in missing if not c.is_optional]:
        warnings.append(f"{columns_named(told)} missing, taken as null")
    if unknown := [name for name, column in zip(names, meant, strict=True) if column is None]:
        warnings.append(f"unknown {columns_named(unknown)} dropped")
    readable = {name: column for column, name in known.items() if names.count(name) == 1}
    return Columns(readable, tuple(warnings), tuple(faults))


def columns_named(names: list[str]) -> str:
    """'column amount' or 'columns amount, fee_code'."""
    return f"column{'s' if len(names) > 1 else ''} {', '.join(name or 'without a name' for name in names)}"


def _twice(names: list[str], meant: list[str | None]) -> list[str]:
    faults = []
    for at, (name, column) in enumerate(zip(names, meant, strict=True)):
        if name in names[:at]:
            known = f" '{name}'" if column else ""
            place = f"columns {names.index(name) + 1} and {at + 1} have the same name{known}"
            faults.append(f"{place}. Name each column once and deliver again")
        elif column is not None and column in meant[:at]:
            first = meant.index(column)
            faults.append(
                f"columns {first + 1} and {at + 1} ({names[first]}, {name}) both may be {column}. "
                f"Name one of them otherwise and deliver again"
            )
    return faults


def _missing(
    names: list[str], needed: list[str], missing: list[str], known: dict[str, Any], table: Table, is_header: bool
) -> str:
    what = f"{columns_named(needed)} missing"
    profile = profile_name(table.name)
    if not is_header:
        return f"{what}: name them in columns of {profile}"
    if known:
        unknown = [name for name in names if name not in known.values()]
        hints = [f"'{name}'{did_you_mean(name, missing)}" for name in unknown if did_you_mean(name, missing)]
        hint = f" ({', '.join(hints)})" if hints else ""
        renamed = f", or map other names to them by rename in {profile}" if unknown else ""
        return f"{what}{hint}. Deliver the file again with all of its columns, named in the header{renamed}"
    if holds_data(names):
        return (
            f"no header: the first line holds data, and {what}. Write the columns' names as the first line, "
            f"or give header: false and columns in {profile}"
        )
    none = f"none of the {len(names)} names in the header is the contract's"
    return f"{what}: {none}. Write its names, or map them by rename in {profile}"


def _folded(name: str) -> str:
    return name.strip().lower()
