"""The raw contract, read from the dbt sources files under models/staging: tables, columns, types, keys and rules.

Only reading belongs here; what is done with a delivery that breaks the contract is intake's.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

from orchestration.settings import PROJECT_DIR

PII_KINDS = ("phone", "document", "name", "birth_date", "other")
"""What a personal column can hold; `pii: true` is read as `other`."""

IDENTIFIERS = ("phone", "document", "other")
"""Kinds whose values identify one person or line by themselves. A name may hold any word, and any digits."""


class ContractError(ValueError):
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

    @property
    def is_numeric(self) -> bool:
        return self.data_type == "integer" or self.data_type.startswith("decimal(")


@dataclass(frozen=True)
class Table:
    """One raw table. `delivery` is 'snapshot' or 'append'; `event_time` is set for append tables alone."""

    name: str
    system: str
    delivery: str
    required: bool
    key: tuple[str, ...]
    event_time: str | None
    columns: tuple[Column, ...]
    description: str = field(default="", compare=False)

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

    Raises ContractError, naming file and table, for a table without key, delivery or a known type.
    """
    tables: dict[str, Table] = {}
    for path in sorted((project_dir / "models" / "staging").glob("*/_*__sources.yml")):
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]:
            for raw in source["tables"]:
                if "delivery" in raw.get("config", {}).get("meta", {}):
                    tables[raw["name"]] = _table(path, source["name"], raw)
    return tables


def _table(path: Path, system: str, raw: dict) -> Table:
    meta = raw["config"]["meta"]
    table = Table(
        name=raw["name"],
        system=system,
        delivery=meta["delivery"],
        required=meta.get("required", False),
        key=tuple(meta.get("key", ())),
        event_time=meta.get("event_time"),
        columns=tuple(_column(c) for c in raw["columns"]),
        description=raw.get("description", ""),
    )
    names = {c.name for c in table.columns}
    problems = [
        (not table.key or not set(table.key) <= names, "key must name columns of the table"),
        (table.delivery not in ("snapshot", "append"), "delivery must be snapshot or append"),
        ((table.event_time is None) != (table.delivery == "snapshot"), "append tables, and no others, have an event_time"),
        (table.event_time is not None and table.event_time not in names, "event_time must name a column of the table"),
        *[(not _is_type(c.data_type), f"column {c.name}: unknown data_type '{c.data_type}'") for c in table.columns],
        *[
            (c.pii and c.pii_kind not in PII_KINDS, f"column {c.name}: pii must be one of {', '.join(PII_KINDS)}, or true")
            for c in table.columns
        ],
    ]
    for is_wrong, problem in problems:
        if is_wrong:
            raise ContractError(f"{path}: table {table.name}: {problem}")
    return table


def _column(raw: dict) -> Column:
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
    )


def _is_type(data_type: str) -> bool:
    return data_type in ("string", "integer", "boolean", "date", "timestamp") or data_type.startswith("decimal(")
