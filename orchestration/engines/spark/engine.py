"""A run on Spark: the build's care, the candidate, publishing, lists. Same steps and checks as on DuckDB, other statements.

Descriptions of versions (contents, whether the release checks passed them) are in the home as JSON, as DuckDB's do; the tables
themselves lie where the metastore keeps them.
"""

import json
import secrets
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.base.errors import WarehouseError
from orchestration.base.files import replace_text
from orchestration.base.settings import Home
from orchestration.engines.protocol import require_current
from orchestration.engines.spark import versions
from orchestration.engines.spark.databases import BUILD, databases, discard_build, drop_unknown, public_schema
from orchestration.engines.spark.reading import SparkReader
from orchestration.engines.spark.tables import SparkTables
from orchestration.engines.spark.thrift import Session, connect
from orchestration.engines.tables import OF_PRIVATE, ROLES, Relations
from orchestration.warehouse.build import Prepared, Stamp, discard_reason, stamp_of
from orchestration.warehouse.candidate import Contents, missing_notes
from orchestration.warehouse.checksums import TableFacts
from orchestration.warehouse.code import Code
from orchestration.warehouse.dbt_results import built_families
from orchestration.warehouse.freshness import Deliveries
from orchestration.warehouse.manifest import Model, Models, descriptions, relation_for
from orchestration.warehouse.publishing import Version, made, named, newest_before, superseded
from orchestration.warehouse.reading import Reader

if TYPE_CHECKING:
    import pandas as pd

SESSIONS = 4
"""Tables copied at the same time."""


@dataclass(frozen=True)
class SparkCandidate:
    """The candidate's database, called `name`, what it holds, and the build, asked through one session."""

    session: Session
    name: str
    contents: Contents
    dialect: str = "spark"


class SparkEngine:
    """The engine of the target `spark`, for one home."""

    readers_open = "databases telco360_<schema> of the metastore"

    def __init__(self, home: Home):
        self.home = home
        self._stamp = home.warehouse / "spark.build.json"
        self._running = home.warehouse / "spark.build.running"
        self._notes = home.published / "spark"

    def aside(self, publishes: bool) -> "SparkEngine":
        if not publishes:
            raise WarehouseError(
                "on Spark there is one build: a run for an earlier day than the published one replaces it. Add --publish to have "
                "it published, or run it on DuckDB without --target spark"
            )
        return self

    def clear_leftovers(self) -> None:
        with connect() as session:
            known = {version.name for version in self.versions()}
            for name in versions.names(session):
                if name not in known:
                    session.run(f"drop database `{name}` cascade")
            self._candidate_note.unlink(missing_ok=True)

    def prepare(self, as_of: date, code: Code, stale: dict[str, date]) -> Prepared:
        before, prepared = self._read_stamp(), Prepared()
        with connect() as session:
            if databases(session, f"{BUILD}_"):
                reason = self._discard_reason(before, as_of)
                if reason or before is None:
                    discard_build(session)
                    prepared = Prepared(discarded=reason)
                else:
                    prepared = Prepared(changed=drop_unknown(session, code, before))
        replace_text(
            self._running, "A dbt build is at work, or died: whoever finds this at the start of a build discards that one.\n"
        )
        replace_text(self._stamp, json.dumps(asdict(stamp_of(as_of, code, stale)), indent=2))
        return prepared

    def version_before(self, as_of: date) -> str | None:
        found = newest_before(self.versions(), as_of)
        return found.name if found else None

    def ended(self) -> None:
        self._running.unlink(missing_ok=True)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with connect() as session:
            return session.rows(query)

    def frame(self, query: str) -> "pd.DataFrame":
        with connect() as session:
            return session.frame(query)

    def frames(self, query: str, rows: int) -> Iterator["pd.DataFrame"]:
        with connect() as session:
            yield from session.frames(query, rows)

    def make_candidate(self, models: Models, deliveries: Deliveries) -> Contents:
        stamp = self._read_stamp()
        if stamp is None:
            raise WarehouseError("nothing has been built on Spark yet; run `telco360 nightly --target spark`")
        public = [m for m in models if m.is_public]
        name = f"telco360__{stamp.as_of_date:%Y%m%d}_{datetime.now(UTC):%Y%m%dt%H%M%Sz}_{secrets.token_hex(2)}"
        with connect() as session:
            session.run(f"create database `{name}`")
        with ThreadPoolExecutor(SESSIONS) as pool:
            facts = list(pool.map(lambda model: copy(name, model, descriptions(model, models)), public))
        notes = list(dict.fromkeys(note for m in public for note in missing_notes(m, deliveries, stamp.as_of_date)))
        tables = {public_name(model): found for model, found in zip(public, facts, strict=True)}
        contents = Contents(stamp.as_of, stamp.code, stamp.stale, notes, tables, built_families(self.home, models))
        self._write(self._candidate_note, name, contents)
        return contents

    @contextmanager
    def candidate(self, facts: duckdb.DuckDBPyConnection) -> Iterator[SparkCandidate]:
        name, contents = self._candidate()
        with connect() as session:
            yield SparkCandidate(session, name, contents)

    def approve(self) -> None:
        name, contents = self._candidate()
        self._write(self._candidate_note, name, Contents.from_json(contents.to_json() | {"is_approved": True}))

    def discard_public(self) -> None:
        """Nothing to remove: a version's files hold its own rows alone."""

    def publish(self) -> Version:
        name, contents = self._candidate()
        if not contents.is_approved:
            raise WarehouseError(f"{name}: the release checks have not passed this candidate; it is not published")
        # Before the pointer moves: a version that readers get is one we know.
        self._write(self._note(name), name, contents, self.versions())
        self._switch(name)
        self._candidate_note.unlink(missing_ok=True)
        self._prune()
        return require_current(self)

    def current(self) -> Version | None:
        return next((v for v in self.versions() if v.is_current), None)

    def versions(self) -> list[Version]:
        with connect() as session:
            there, pointed = set(versions.names(session)), versions.pointed_at(session)
        raw = [(path, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(self._notes.glob("telco360__*.json"))]
        found = [
            Version(
                r["version"], r["version"].split("_", 3)[3], r["made_at"], path, Contents.from_json(r), r["version"] == pointed
            )
            for path, r in raw
            if r["version"] in there
        ]
        return sorted(found, key=lambda v: v.made_at, reverse=True)

    def rollback(self, version: str | None = None) -> Version:
        known = self.versions()
        now = next((v for v in known if v.is_current), None)
        before = next((v for v in known if now and v.made_at < now.made_at), None)
        chosen = named(known, version) if version else before
        if chosen is None:
            names = ", ".join(v.name for v in known) or "none"
            raise WarehouseError(f"there is no version {version or 'before the current'} to go to; there are: {names}")
        self._switch(chosen.name)
        return require_current(self)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        with connect() as session:
            yield SparkReader(session, require_current(self).name)

    @contextmanager
    def list_tables(self, models: Models, version: Version) -> Iterator[SparkTables]:
        named = {
            role: relation_for(models, role) if role in OF_PRIVATE else published_relation(models, role, version.name)
            for role in ROLES
        }
        with connect() as session, duckdb.connect(config={"temp_directory": str(self.home.exports / ".spill")}) as connection:
            yield SparkTables(session, connection, Relations(**named))

    @property
    def _candidate_note(self) -> Path:
        return self._notes / ".candidate.json"

    def _note(self, name: str) -> Path:
        return self._notes / f"{name}.json"

    def _write(self, path: Path, name: str, contents: Contents, known: Iterable[Version] = ()) -> None:
        facts = {"version": name} | made(contents.as_of, datetime.now(UTC), known) | contents.to_json()
        replace_text(path, json.dumps(facts, indent=2))

    def _candidate(self) -> tuple[str, Contents]:
        try:
            raw = json.loads(self._candidate_note.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise WarehouseError("no candidate stands on Spark; run `telco360 nightly --target spark`") from error
        return raw["version"], Contents.from_json(raw)

    def _read_stamp(self) -> Stamp | None:
        try:
            return Stamp(**json.loads(self._stamp.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def _discard_reason(self, before: Stamp | None, as_of: date) -> str | None:
        if self._running.exists():
            return "the last build died half-way"
        return discard_reason(opens=True, stamp=before, as_of=as_of)

    def _switch(self, name: str) -> None:
        described = json.loads(self._note(name).read_text(encoding="utf-8"))["tables"]
        with connect() as session:
            before = versions.pointed_at(session)
            tables = [_described(session, name, table) for table in described]
            versions.lay_views(session, tables, name, before)
            versions.point(session, name)
            versions.drop_views(session, tables)

    def _prune(self) -> None:
        with connect() as session:
            for version in superseded(self.versions()):
                session.run(f"drop database if exists `{version.name}` cascade")
                self._note(version.name).unlink()


def copy(version: str, model: Model, described: dict[str, str]) -> TableFacts:
    """Copies a public table of the build into a version's database, in a session of its own, with texts of its columns;
    its rows and checksum."""
    target = f"`{version}`.`{public_schema(model.schema)}__{model.table}`"
    with connect() as session:
        columns = session.columns(model.relation)
        # Descriptions travel with the table, for whoever makes the views of a version anew.
        defined = ", ".join(f"`{name}` {kind} comment {versions.comment(described.get(name, ''))}" for name, kind in columns)
        selected = ", ".join(f"`{name}`" for name, _ in columns)
        lasting = ", ".join(f"`{name}`" for name, _ in columns if name not in model.varying)
        split = ", ".join(session.partitions(model.relation))
        by = f"partitioned by ({split})" if split else ""
        session.run(f"create table {target} ({defined}) using parquet {by} comment {versions.comment(model.description)}")
        session.run(f"insert into {target} select {selected} from {model.relation}")
        rows, total = session.rows(f"select count(*), sum(cast(xxhash64({lasting}) as decimal(38, 0))) from {target}")[0]
    return TableFacts(rows, str(total or 0))


def public_name(model: Model) -> str:
    """schema.table as readers know it."""
    return f"{public_schema(model.schema)}.{model.table}"


def published_relation(models: Models, role: str, version: str) -> str:
    """The table of a version that plays a role: named itself, so that one run stays on one version."""
    schema, table = relation_for(models, role).split(".")
    return f"{version}.{public_schema(schema)}__{table}"


def _described(session: Session, version: str, name: str) -> versions.Table:
    schema, table = name.split(".")
    rows = session.rows(f"describe extended `{version}`.`{schema}__{table}`")
    return versions.Table(schema, table, next((said for label, said, _ in rows if label == "Comment"), ""))
