"""What a night asks of the engine that it builds on, and the two there are. The order of the steps stands in `assets`.

An engine is the place of all that the same night does by other statements: DuckDB's here, Spark's in `orchestration.spark`.
"""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from typing import Protocol

import duckdb

from orchestration import settings
from orchestration.contract import Table
from orchestration.quality.gate import judge_candidate
from orchestration.quality.judge import GateResult
from orchestration.targeting.catalog import Catalog, read_catalog
from orchestration.targeting.matching import ROLES
from orchestration.targeting.tables import Tables, duckdb_tables
from orchestration.warehouse import WarehouseError, build, candidate, publishing, reading
from orchestration.warehouse.aside import aside_home
from orchestration.warehouse.candidate import Contents
from orchestration.warehouse.dbt import RUN_RESULTS
from orchestration.warehouse.dbt_results import compiled_sql
from orchestration.warehouse.freshness import Deliveries
from orchestration.warehouse.manifest import Model, relation_for
from orchestration.warehouse.publishing import Version
from orchestration.warehouse.reading import DuckDBReader, Reader

Models = tuple[Model, ...]


class Engine(Protocol):
    """One engine, for one home."""

    home: settings.Home

    readers_open: str
    """What a reader opens, in words."""

    def aside(self, publishes: bool) -> "Engine":
        """An engine that builds an earlier day without touching the build and, unless it publishes, the versions of this one."""

    def clear_leftovers(self) -> None:
        """Removes what a run that died may have left of a candidate or a publication; the current version stays."""

    def prepare(self, as_of: date, code: str, stale: dict[str, date]) -> str | None:
        """Makes ready for a build; gives the reason where the last one had to be discarded."""

    def version_before(self, as_of: date) -> str | None:
        """Where the newest version of an earlier date lies, for dbt to read; None where there is none."""

    def ended(self) -> None:
        """Told when dbt has come to an end of its own, well or not."""

    def ask(self, query: str) -> list[tuple]:
        """Rows of a query on the build."""

    def make_candidate(self, models: Models, deliveries: Deliveries) -> Contents:
        """Copies the public tables of the build to where nobody reads them yet."""

    def judge(self, models: Models, contract: dict[str, Table]) -> GateResult:
        """Holds the candidate against the quality gate's checks, and notes it where they are passed."""

    def publish(self) -> Version:
        """Makes the approved candidate what readers get."""

    def current(self) -> Version | None:
        """The version that readers get, None before the first."""

    def versions(self) -> list[Version]:
        """The versions that stand, newest first."""

    def rollback(self, version: str | None = None) -> Version:
        """Makes an earlier version current: the named one, else the one before."""

    def reading(self) -> AbstractContextManager[Reader]:
        """The current version, open for reading. Raises WarehouseError where nothing is published."""

    def catalog(self, models: Models) -> Catalog:
        """The tags of the current version."""

    def list_tables(self, models: Models, version: Version) -> AbstractContextManager[Tables]:
        """What target lists read, of that version and of the private warehouse."""


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

    def prepare(self, as_of: date, code: str, stale: dict[str, date]) -> str | None:
        return build.prepare(self.home, as_of, code, stale)

    def version_before(self, as_of: date) -> str | None:
        found = publishing.newest_before(self.versions(), as_of)
        return str(found.path) if found else None

    def ended(self) -> None:
        """Nothing to note: a build that died is known by the log that it leaves."""

    def ask(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.home.build_database), read_only=True) as db:
            return db.execute(query).fetchall()

    def make_candidate(self, models: Models, deliveries: Deliveries) -> Contents:
        stamp = build.read_stamp(self.home)
        if stamp is None:
            raise WarehouseError(f"{self.home.build_database}: nothing has been built yet; run `telco360 nightly`")
        return candidate.make_candidate(self.home, models, stamp, deliveries, definitions(self.home, models))

    def judge(self, models: Models, contract: dict[str, Table]) -> GateResult:
        result = judge_candidate(self.home, models, contract)
        if result.passed:
            candidate.approve(self.home)
        return result

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

    def catalog(self, models: Models) -> Catalog:
        with self.reading() as reader:
            return read_catalog(reader.rows, relation_for(models, "tag_catalog"))

    def list_tables(self, models: Models, version: Version) -> AbstractContextManager[Tables]:
        relations = {role: relation_for(models, role) for role in ROLES}
        return duckdb_tables(relations, version.path, self.home.build_database, self.home.exports / ".spill")


def engine(home: settings.Home) -> Engine:
    """The engine that the running target names."""
    if settings.target() == settings.SPARK:
        from orchestration.spark.engine import SparkEngine  # its packages are an extra

        return SparkEngine(home)
    return DuckDBEngine(home)


def definitions(home: settings.Home, models: Models) -> dict[str, str]:
    """The SQL of the tag families as the last build ran it, by model; none where no build has told its results."""
    try:
        run_results = json.loads((home.dbt_artefacts / RUN_RESULTS).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return compiled_sql(run_results, {m.name for m in models if m.is_tag_family})


def require_current(engine: Engine) -> Version:
    """The version that readers get. Raises WarehouseError where nothing is published."""
    version = engine.current()
    if version is None:
        raise WarehouseError(f"{engine.readers_open}: nothing is published yet; run `telco360 nightly`")
    return version
