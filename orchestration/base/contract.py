"""The raw contract, read from the dbt sources files under models/staging: tables, columns, types, keys and rules.

Only reading belongs here; what is done with a delivery that breaks the contract is intake's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.base.errors import Telco360Error
from orchestration.base.settings import PROJECT_DIR

PII_KINDS = ("phone", "document", "name", "birth_date", "other")
"""What a personal column can hold; `pii: true` is read as `other`."""

IDENTIFIERS = ("phone", "document", "other")
"""Kinds whose values identify one person or line by themselves. A name may hold any word, and any digits."""


class ContractError(Telco360Error, ValueError):
    """A sources file that does not state a table as the contract needs it."""


@dataclass(frozen=True)
class Column:
    """One column of a raw table. `data_type`: string, integer, decimal(p,s), boolean, date or timestamp."""

    name: str
    data_type: str
    nullable: bool = True
    values: tuple[str, ...] = ()
    references: tuple[str, str] | None = None  # (table, column)
    pii: bool = False
    pii_kind: str = ""  # one of PII_KINDS where pii
    description: str = ""
    min: Decimal | None = None  # the least and the greatest value allowed, both inclusive
    max: Decimal | None = None
    is_optional: bool = False  # a delivery without it is nothing to tell of

    @property
    def is_numeric(self) -> bool:
        return self.data_type == "integer" or self.data_type.startswith("decimal(")


@dataclass(frozen=True)
class RowRule:
    """A rule over columns of one row, in exactly one of three forms.

    `part_of`: the column is no more than the sum of these, an empty one counting as 0. `not_before`: the column is no earlier
    than this one. `above`: the column is over this number, but where the boolean column `unless` is true. An empty column breaks
    no rule. A row that breaks it is rejected, or, where `is_warned`, accepted with a warning.
    """

    column: str
    part_of: tuple[str, ...] = ()
    not_before: str | None = None
    above: Decimal | None = None
    unless: str | None = None
    is_warned: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose values a message shows."""
        return (self.column, *self.part_of, *((self.not_before,) if self.not_before else ()))


@dataclass(frozen=True)
class UniqueRule:
    """No two rows of a delivery that say true in `where` may have the same values in `columns`. Breaking it is a warning."""

    columns: tuple[str, ...]
    where: str


@dataclass(frozen=True)
class KeepMissing:
    """What intake does about rows of the snapshot before that a new one lacks: it keeps them.

    `by`: a row is missing when its values of these columns, all of the key or a part of the row, come in no row of the new one.
    `left`: (column, values) of rows that had ended; they are kept even when the source confirms the removal, and don't count
    toward the limit. `is_kept_when_confirmed`: all rows stay even then. What stays after a confirmation loses personal values.
    `only_with`: only rows whose reference to this table leads to a row that is kept there.
    """

    by: tuple[str, ...]
    left: tuple[str, tuple[str, ...]] | None = None
    is_kept_when_confirmed: bool = False
    only_with: str | None = None


@dataclass(frozen=True)
class Table:
    """One raw table. `delivery` is 'snapshot' or 'append'; `event_time` is set for append tables alone.

    `money`: the column whose share of unknown lines is limited. `keep_missing`: of snapshots alone.
    """

    name: str
    system: str
    delivery: str
    required: bool
    key: tuple[str, ...]
    event_time: str | None
    columns: tuple[Column, ...]
    description: str = field(default="", compare=False)
    rules: tuple[RowRule, ...] = ()
    unique: tuple[UniqueRule, ...] = ()
    money: str | None = None
    keep_missing: KeepMissing | None = None

    @property
    def identifiers(self) -> tuple[Column, ...]:
        """The columns whose values are phones or document numbers, or may be."""
        return tuple(c for c in self.columns if c.pii and c.data_type == "string" and (c.pii_kind or "other") in IDENTIFIERS)

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError where the table has none."""
        return {c.name: c for c in self.columns}[name]


@cache
def load_contract(project_dir: Path = PROJECT_DIR) -> dict[str, Table]:
    """All tables of the raw contract by name, in the order of the sources files.

    Raises ContractError, naming file and table, for a table without key, delivery or a known type, and for a rule that is in none
    of the forms or names no column of the table.
    """
    tables: dict[str, Table] = {}
    for path in sorted((project_dir / "models" / "staging").glob("*/_*__sources.yml")):
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]:
            for raw in source["tables"]:
                if "delivery" in raw.get("config", {}).get("meta", {}):
                    tables[raw["name"]] = _table(path, source["name"], raw)
    return tables


def _table(path: Path, system: str, raw: dict[str, Any]) -> Table:
    meta = raw["config"]["meta"]
    try:
        table = Table(
            name=raw["name"],
            system=system,
            delivery=meta["delivery"],
            required=meta.get("required", False),
            key=tuple(meta.get("key", ())),
            event_time=meta.get("event_time"),
            columns=tuple(_column(c) for c in raw["columns"]),
            description=raw.get("description", ""),
            rules=tuple(_row_rule(**rule) for rule in meta.get("rules", ())),
            unique=tuple(UniqueRule(tuple(rule["columns"]), rule["where"]) for rule in meta.get("unique", ())),
            money=meta.get("money"),
            keep_missing=_keep_missing(**meta["keep_missing"]) if "keep_missing" in meta else None,
        )
    except (TypeError, KeyError) as error:
        raise ContractError(f"{path}: table {raw['name']}: rules, unique or keep_missing: {error}") from error
    for is_wrong, problem in _problems(table):
        if is_wrong:
            raise ContractError(f"{path}: table {table.name}: {problem}")
    return table


def _problems(table: Table) -> Iterator[tuple[object, str]]:
    """(is it so, what is wrong) of everything that a table may state wrongly."""
    types = {c.name: c.data_type for c in table.columns}
    yield not table.key or not set(table.key) <= types.keys(), "key must name columns of the table"
    yield table.delivery not in ("snapshot", "append"), "delivery must be snapshot or append"
    yield (table.event_time is None) != (table.delivery == "snapshot"), "append tables, and no others, have an event_time"
    yield table.event_time is not None and table.event_time not in types, "event_time must name a column of the table"
    for c in table.columns:
        yield not _is_type(c.data_type), f"column {c.name}: unknown data_type '{c.data_type}'"
        yield (c.min, c.max) != (None, None) and not c.is_numeric, f"column {c.name}: min and max are for numbers"
        yield c.is_optional and not c.nullable, f"column {c.name}: optional is for columns that may be null"
        yield c.pii and c.pii_kind not in PII_KINDS, f"column {c.name}: pii must be one of {', '.join(PII_KINDS)}, or true"
    for rule in table.rules:
        used = [types.get(name) for name in (*rule.columns, *((rule.unless,) if rule.unless else ()))]
        forms = [bool(rule.part_of), rule.not_before is not None, rule.above is not None]
        yield None in used, f"rule of {rule.column}: it must name columns of the table"
        yield sum(forms) != 1, f"rule of {rule.column}: it must have one of part_of, not_before and above"
        yield rule.not_before is None and not all(_is_number(types[c]) for c in rule.columns), f"rule of {rule.column}: no number"
        yield rule.not_before is not None and len(set(used)) > 1, f"rule of {rule.column}: both columns must be of one type"
        yield rule.unless is not None and types[rule.unless] != "boolean", f"rule of {rule.column}: unless must be a boolean"
    for unique in table.unique:
        yield not {*unique.columns, unique.where} <= types.keys(), "unique must name columns of the table"
    yield table.money is not None and table.money not in types, "money must name a column of the table"
    if keep := table.keep_missing:
        yield table.delivery != "snapshot", "keep_missing is for snapshots"
        referenced = {c.references[0] for c in table.columns if c.references}
        yield keep.only_with not in {None, *referenced}, "only_with of keep_missing must be a table that a column refers to"
        yield not keep.by or not {*keep.by, *(keep.left or ())[:1]} <= types.keys(), "keep_missing must name columns of the table"


def _row_rule(
    column: str,
    part_of: list[str] | tuple[str, ...] = (),
    not_before: str | None = None,
    above: object = None,
    unless: str | None = None,
    severity: str = "error",
) -> RowRule:
    if severity not in ("error", "warn"):
        raise TypeError(f"severity must be error or warn, not {severity}")
    return RowRule(column, tuple(part_of), not_before, _number(above), unless, severity == "warn")


def _keep_missing(
    by: list[str], left: dict[str, list[str]] | None = None, confirmed: str = "removed", only_with: str | None = None
) -> KeepMissing:
    if confirmed not in ("removed", "kept"):
        raise TypeError(f"confirmed must be removed or kept, not {confirmed}")
    ended = None
    if left:
        ((column, values),) = left.items()
        ended = column, tuple(values)
    return KeepMissing(tuple(by), ended, confirmed == "kept", only_with)


def _column(raw: dict[str, Any]) -> Column:
    meta = raw.get("config", {}).get("meta", {})
    pii = meta.get("pii", False)
    return Column(
        name=raw["name"],
        data_type=raw["data_type"],
        nullable=meta.get("nullable", True),
        values=tuple(meta.get("values", ())),
        references=tuple(meta["references"].split(".")) if "references" in meta else None,
        pii=bool(pii),
        pii_kind="other" if pii is True else pii or "",
        description=raw.get("description", ""),
        min=_number(meta.get("min")),
        max=_number(meta.get("max")),
        is_optional=meta.get("optional", False),
    )


def _number(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _is_type(data_type: str) -> bool:
    return data_type in ("string", "boolean", "date", "timestamp") or _is_number(data_type)


def _is_number(data_type: str) -> bool:
    return data_type == "integer" or data_type.startswith("decimal(")
