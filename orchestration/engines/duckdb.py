"""DuckDB as the engine, the default: one file to build in, one file a version, a link that readers open."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from orchestration.base import settings
from orchestration.base.errors import ListError, WarehouseError
from orchestration.base.sql import literal
from orchestration.base.words import Message
from orchestration.engines.tables import OF_PRIVATE, ROLES, Relations, Tables
from orchestration.warehouse import build, candidate, publishing, reading
from orchestration.warehouse.aside import aside_home
from orchestration.warehouse.build import Prepared
from orchestration.warehouse.candidate import Contents
from orchestration.warehouse.code import Code
from orchestration.warehouse.dbt_results import built_families
from orchestration.warehouse.freshness import Deliveries
from orchestration.warehouse.manifest import Models, relation_for
from orchestration.warehouse.publishing import Version
from orchestration.warehouse.reading import DuckDBReader, Reader

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class DuckDBCandidate:
    """The candidate's file, attached for reading as `candidate`, what it holds, and the lake's raw tables."""

    raw: Path
    contents: candidate.Contents
    dialect: str = "duckdb"


class DuckDBEngine:
    """The default: one file to build in, one file a version, a link that readers open."""

    def __init__(self, home: settings.Home):
        self.home = home
        self.readers_open = str(home.current)

    def aside(self, publishes: bool) -> "DuckDBEngine":
        return DuckDBEngine(aside_home(self.home, publishes))

    def clear_leftovers(self) -> None:
        publishing.remove_leftovers(self.home)
        candidate.remove_candidate(self.home)

    def prepare(self, as_of: date, code: Code, stale: dict[str, date]) -> Prepared:
        return build.prepare(self.home, as_of, code, stale)

    def version_before(self, as_of: date) -> str | None:
        found = publishing.newest_before(self.versions(), as_of)
        return str(found.path) if found else None

    def ended(self) -> None:
        """Nothing to note: a build that died is known by the log that it leaves."""

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with build.reading(self.home) as db:
            return db.execute(query).fetchall()

    def frame(self, query: str) -> "pd.DataFrame":
        with build.reading(self.home) as db:
            return db.execute(query).df()

    def frames(self, query: str, rows: int) -> Iterator["pd.DataFrame"]:
        with build.reading(self.home) as db:
            found = db.execute(query)
            while len(frame := found.fetch_df_chunk(max(rows // duckdb.__standard_vector_size__, 1))):
                yield frame

    def make_candidate(self, models: Models, deliveries: Deliveries) -> Contents:
        stamp = build.read_stamp(self.home)
        if stamp is None:
            raise WarehouseError(f"{self.home.build_database}: nothing has been built yet; run `telco360 nightly`")
        return candidate.make_candidate(self.home, models, stamp, deliveries, built_families(self.home, models))

    @contextmanager
    def candidate(self, facts: duckdb.DuckDBPyConnection) -> Iterator[DuckDBCandidate]:
        contents = candidate.read_candidate(self.home)
        facts.execute(f"attach {literal(candidate.candidate_path(self.home))} as candidate (read_only)")
        yield DuckDBCandidate(self.home.raw, contents)
        facts.execute("detach candidate")

    def approve(self) -> None:
        candidate.approve(self.home)

    def discard_public(self) -> None:
        build.discard_public(self.home)

    def publish(self) -> Version:
        return publishing.publish(self.home)

    def current(self) -> Version | None:
        return publishing.current(self.home)

    def versions(self) -> list[Version]:
        return publishing.versions(self.home)

    def rollback(self, version: str | None = None) -> Version:
        return publishing.rollback(self.home, version)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        with reading.published(self.home) as db:
            yield DuckDBReader(db)

    def list_tables(self, models: Models, version: Version) -> AbstractContextManager[Tables]:
        relations = {role: relation_for(models, role) for role in ROLES}
        return duckdb_tables(relations, version.path, self.home.build_database, self.home.exports / ".spill")


PUBLIC, PRIVATE = "telco360_public", "telco360"
"""What the attached files are called: as the two files of the build, by which views of the private one name their tables."""


class DuckDBTables:
    """The published file and the private warehouse, both attached for reading to the run's own connection."""

    dialect = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection, relations: Relations):
        self.connection, self.relations = connection, relations

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    def columns(self, relation: str) -> tuple[str, ...]:
        return tuple(row[0] for row in self.rows(f"describe {relation}"))

    def read(self, query: str, into: str, lies_still: bool = True) -> None:
        self.connection.execute(f"create or replace temp {'table' if lies_still else 'view'} {into} as {query}")


@contextmanager
def duckdb_tables(relations: Mapping[str, str], published: Path, private: Path, scratch: Path) -> Iterator[DuckDBTables]:
    """The tables of `relations` (schema.table by role) in the two files. What does not fit into memory is spilled to `scratch`.

    Raises ListError where one of the files is not there. Neither may be open for writing.
    """
    if not private.exists():
        english = "the private warehouse is not there, and with it phones and suppressions; run telco360 nightly first"
        raise ListError(Message.of("no_private", english))
    if not published.exists():
        raise ListError(Message.of("nothing_published", "{place} is not there; run telco360 nightly first", place=published))
    # Spilled rows hold phones: they go where the files go, not to the working directory.
    with duckdb.connect(config={"temp_directory": str(scratch)}) as connection:
        for path, alias in ((published.resolve(), PUBLIC), (private, PRIVATE)):
            connection.execute(f"attach {exp.Literal.string(str(path)).sql('duckdb')} as {alias} (read_only)")
        named = {role: _named(relation, PRIVATE if role in OF_PRIVATE else PUBLIC) for role, relation in relations.items()}
        yield DuckDBTables(connection, Relations(**named))


def _named(relation: str, catalog: str) -> str:
    schema, table = relation.split(".")
    return exp.table_(table, db=schema, catalog=catalog, quoted=True).sql("duckdb")
