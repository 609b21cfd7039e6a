"""The candidate: a copy of the file of public tables, made beside the published versions and judged before it is one.

The build keeps private tables in another file, so that no block of theirs can be in a copy. What may become a version is for the
release checks to say; moving it there is `publishing`'s business.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from orchestration.base import modes
from orchestration.base.errors import WarehouseError
from orchestration.base.files import copy_file, replace_text, sync_file
from orchestration.base.settings import Home, memory_limit
from orchestration.base.sql import identifier, literal, one_row
from orchestration.warehouse.build import Stamp
from orchestration.warehouse.checksums import MonthSums, TableFacts, qualified, table_facts
from orchestration.warehouse.freshness import Deliveries, latest_by
from orchestration.warehouse.manifest import Model, descriptions


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
    """Copies the file of all public tables and views of the build to where the candidate stands, described and fsynced.

    `definitions`: SQL of the tag families as the build ran it, kept beside the tables. Raises WarehouseError, naming the tables,
    where the build lacks a public table. Half a candidate does not stay: on a full disk, it would keep it full.
    """
    modes.make_folder(home.published, "published")
    remove_candidate(home)
    try:
        public = [m for m in models if m.is_public]
        _require(home, public)
        copy_file(home.public_database, candidate_path(home))
        notes = {m.name: missing_notes(m, deliveries, stamp.as_of_date) for m in public}
        with ThreadPoolExecutor(1) as beside:  # the disk takes the copy while its tables are summed up
            copied = beside.submit(sync_file, candidate_path(home))
            tables = _finish(home, public, models, notes, stamp.kept)
            copied.result()
        sync_file(candidate_path(home))
        told = list(dict.fromkeys(note for found in notes.values() for note in found))
        contents = Contents(stamp.as_of, stamp.code, stamp.stale, told, tables, definitions or {})
        replace_text(facts_path(home), json.dumps(contents.to_json(), indent=2))
    except Exception:
        remove_candidate(home)
        raise
    return contents


def _require(home: Home, public: list[Model]) -> None:
    query = "select table_schema || '.' || table_name from information_schema.tables"
    with duckdb.connect(str(home.public_database)) as db:  # for writing: what a killed build left in the log goes into the file
        there = {name for (name,) in db.execute(query).fetchall()}
    missing = [m.relation for m in public if m.relation not in there]
    if missing:
        raise WarehouseError(f"the build lacks public tables: {', '.join(missing)}; run `telco360 nightly` to build them")


def _finish(
    home: Home, public: list[Model], models: tuple[Model, ...], notes: dict[str, list[str]], kept: dict[str, str]
) -> dict[str, TableFacts]:
    """Describes the candidate's tables and columns, has its views read its own tables; gives facts of all. `kept`: the code of
    tables that are kept by month, of which months that stand are not summed up again."""
    sums = MonthSums.of(home)
    with duckdb.connect(config={"memory_limit": memory_limit()}) as db:
        db.execute(f"attach {literal(candidate_path(home))} as candidate")
        db.begin()
        for model in public:
            if model.is_published_as_view:
                _free_view(db, model)
            _describe(db, model, notes[model.name], descriptions(model, models))
        db.commit()
        grains = {m.relation: m.meta["grain"] for m in public if "grain" in m.meta}
        tables = {m.relation: table_facts(db, m, sums=sums, made_by=kept.get(m.relation, ""), grains=grains) for m in public}
        db.execute("checkpoint candidate")
        db.execute("detach candidate")
    sums.keep(home)
    return tables


def _free_view(db: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Has a view look its tables up in its own file, whatever that is attached as: dbt writes the name of the build."""
    query = "select sql from duckdb_views() where database_name = 'candidate' and schema_name = ? and view_name = ?"
    (found,) = one_row(db.execute(query, [model.schema, model.table]))
    db.execute(f"use candidate.{identifier(model.schema)}")
    db.execute(without_catalog(found).replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1))
    db.execute("use memory")


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
