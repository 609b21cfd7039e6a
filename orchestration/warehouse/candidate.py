"""The candidate: a copy of the public tables of a build, made beside the published versions and judged before it is one.

What may become a version is for the release checks to say; moving it there is `publishing`'s business.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from orchestration.base.errors import WarehouseError
from orchestration.base.files import replace_text, sync_file
from orchestration.base.settings import Home, memory_limit
from orchestration.base.sql import identifier, literal, one_row
from orchestration.warehouse.build import Stamp
from orchestration.warehouse.freshness import Deliveries, latest_by
from orchestration.warehouse.manifest import Model, descriptions


@dataclass(frozen=True)
class TableFacts:
    """Rows of a table, and a checksum of its columns and contents that does not depend on the order of rows."""

    rows: int
    checksum: str


@dataclass(frozen=True)
class Contents:
    """What a candidate or version holds: of which date, by which code, with which tables, and what to know about it.

    `stale`: required tables delivered last before as_of, with that dt. `notes`: what the version can't know, in words.
    `definitions`: SQL of the tag families as it was run, by model; a version made before that was kept has none.
    `is_approved`: the release checks have passed it.
    """

    as_of: str
    code: str
    stale: dict[str, str]
    notes: list[str]
    tables: dict[str, TableFacts] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)
    is_approved: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Contents":
        tables = {name: TableFacts(**facts) for name, facts in raw["tables"].items()}
        plain = {key: raw[key] for key in ("as_of", "code", "stale", "notes", "is_approved")}
        return cls(**plain, tables=tables, definitions=raw.get("definitions", {}))


def candidate_path(home: Home) -> Path:
    return home.published / ".candidate.duckdb"


def facts_path(home: Home) -> Path:
    return home.published / ".candidate.json"


def read_candidate(home: Home) -> Contents:
    """What the candidate holds. Raises WarehouseError where there is none."""
    try:
        return Contents.from_json(json.loads(facts_path(home).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, KeyError) as error:
        raise WarehouseError(f"{candidate_path(home)}: no whole candidate stands here; run `telco360 nightly`") from error


def approve(home: Home) -> None:
    """Notes that the release checks have passed the candidate; nothing else may be published."""
    replace_text(facts_path(home), json.dumps(read_candidate(home).to_json() | {"is_approved": True}, indent=2))


def remove_candidate(home: Home) -> None:
    """Removes what a run that died may have left: a candidate, whole or in part."""
    for leftover in home.published.glob(".candidate.*"):
        leftover.unlink(missing_ok=True)


def missing_notes(model: Model, deliveries: Deliveries, as_of: date) -> list[str]:
    """The model's notes on raw tables that have no delivery by as_of, from `notes: [{when_missing: .., text: ..}]`."""
    notes = model.meta.get("notes", ())
    return [note["text"] for note in notes if latest_by(deliveries.get(note["when_missing"], ()), as_of) is None]


def make_candidate(
    home: Home, models: tuple[Model, ...], stamp: Stamp, deliveries: Deliveries, definitions: dict[str, str] | None = None
) -> Contents:
    """Copies all public tables and views of the build database into the candidate file, described and fsynced.

    `definitions`: SQL of the tag families as the build ran it, kept beside the tables. Raises WarehouseError, naming the tables,
    where the build lacks a public table. Half a candidate does not stay: on a full disk, it would keep it full.
    """
    home.published.mkdir(parents=True, exist_ok=True)
    remove_candidate(home)
    try:
        tables, notes = _copy_public(home, models, stamp, deliveries)
        sync_file(candidate_path(home))
        contents = Contents(stamp.as_of, stamp.code, stamp.stale, notes, tables, definitions or {})
        replace_text(facts_path(home), json.dumps(contents.to_json(), indent=2))
    except Exception:
        remove_candidate(home)
        raise
    return contents


def _copy_public(
    home: Home, models: tuple[Model, ...], stamp: Stamp, deliveries: Deliveries
) -> tuple[dict[str, TableFacts], list[str]]:
    """Fills the candidate file; gives facts of its tables and what the version can't know."""
    public = [m for m in models if m.is_public]
    # Views name their catalog, so the build database is attached under the name that dbt knew it by.
    build = home.build_database.stem
    notes: list[str] = []
    with duckdb.connect(config={"memory_limit": memory_limit(), "preserve_insertion_order": True}) as db:
        db.execute(f"attach {literal(home.build_database)} as {identifier(build)} (read_only)")
        _require(db, build, public)
        db.execute(f"attach {literal(candidate_path(home))} as candidate")
        for model in sorted(public, key=lambda m: m.is_published_as_view):  # views read the tables
            _copy(db, build, model)
            found = missing_notes(model, deliveries, stamp.as_of_date)
            _describe(db, model, found, descriptions(model, models))
            notes += [note for note in found if note not in notes]
        tables = {m.relation: table_facts(db, m) for m in public}
        db.execute("checkpoint candidate")
        db.execute("detach candidate")
    return tables, notes


def table_facts(db: duckdb.DuckDBPyConnection, model: Model, catalog: str = "candidate") -> TableFacts:
    """Rows and checksum of one table of an attached file. Equal tables give equal checksums, however built.

    A view's checksum is that of its columns alone: its rows are those of tables that have one.
    """
    relation = qualified(catalog, model)
    described = db.execute(f"describe {relation}").fetchall()
    columns = [(name, data_type) for name, data_type, *_ in described]
    if model.is_published_as_view:
        (rows,) = one_row(db.execute(f"select count(*) from {relation}"))
        return TableFacts(rows, hashlib.md5(f"{columns}".encode()).hexdigest())
    lasting = [(name, data_type) for name, data_type in columns if name not in model.varying]
    rows, total = one_row(db.execute(checksum_sql(relation, lasting)))
    return TableFacts(rows, hashlib.md5(f"{columns}{total or 0}".encode()).hexdigest())


def checksum_sql(relation: str, columns: list[tuple[str, str]]) -> str:
    """One row (rows, sum of row hashes): one pass, whatever the order of rows. DuckDB's hash may change with its version."""
    # Of lists, an empty one and none have the same hash: they are told apart as text.
    is_nested = {name: kind.endswith("]") or kind.startswith(("STRUCT", "MAP")) for name, kind in columns}
    names = ", ".join(f"to_json({identifier(n)})::varchar" if is_nested[n] else identifier(n) for n in is_nested)
    # Hashed twice, for DuckDB lays the hash of the last column over the rest by exclusive or.
    return f"select count(*), sum(hash(hash({names}))::hugeint) from {relation}"


def qualified(catalog: str, model: Model) -> str:
    return ".".join(identifier(part) for part in (catalog, model.schema, model.table))


def _require(db: duckdb.DuckDBPyConnection, build: str, public: list[Model]) -> None:
    query = "select table_schema || '.' || table_name from information_schema.tables where table_catalog = ?"
    there = {name for (name,) in db.execute(query, [build]).fetchall()}
    missing = [m.relation for m in public if m.relation not in there]
    if missing:
        raise WarehouseError(f"the build lacks public tables: {', '.join(missing)}; run `telco360 nightly` to build them")


def _copy(db: duckdb.DuckDBPyConnection, build: str, model: Model) -> None:
    db.execute(f"create schema if not exists candidate.{identifier(model.schema)}")
    if model.is_published_as_view:
        query = "select sql from duckdb_views() where database_name = ? and schema_name = ? and view_name = ?"
        (found,) = one_row(db.execute(query, [build, model.schema, model.table]))
        # Unqualified names are looked up in the view's own file, whatever the name that it is attached by.
        db.execute(f"use candidate.{identifier(model.schema)}")
        db.execute(without_catalog(found))
        db.execute("use memory")
    else:
        there = db.execute(f"describe {qualified(build, model)}").fetchall()
        columns = ", ".join(as_published(name, kind) for name, kind, *_ in there if name not in model.private)
        db.execute(f"create table {qualified('candidate', model)} as select {columns} from {qualified(build, model)}")


def as_published(name: str, kind: str) -> str:
    """A column as readers get it. DuckDB's sums of whole numbers have 128 bits, unreadable by ODBC tools; counts fit 64. Pure."""
    return f"{identifier(name)}::bigint as {identifier(name)}" if kind in ("HUGEINT", "UHUGEINT") else identifier(name)


def without_catalog(sql: str) -> str:
    """A statement whose tables are named by schema and name alone."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    for table in tree.find_all(exp.Table):
        table.set("catalog", None)
    return tree.sql(dialect="duckdb")


def _describe(db: duckdb.DuckDBPyConnection, model: Model, notes: list[str], columns: dict[str, str]) -> None:
    relation = qualified("candidate", model)
    text = " ".join([model.description.strip(), *notes]).strip()
    kind = "view" if model.is_published_as_view else "table"
    if text:
        db.execute(f"comment on {kind} {relation} is {literal(text)}")
    there = {name for name, *_ in db.execute(f"describe {relation}").fetchall()}
    for name, description in columns.items():
        if name in there:
            db.execute(f"comment on column {relation}.{identifier(name)} is {literal(description.strip())}")
