"""What a run, commands and lists ask of the engine that they work on. Each engine's way is beside: `duckdb`, `spark`."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

from orchestration.base import settings
from orchestration.base.errors import WarehouseError
from orchestration.base.words import Message
from orchestration.engines.tables import Tables
from orchestration.warehouse.build import Prepared
from orchestration.warehouse.candidate import Contents
from orchestration.warehouse.code import Code
from orchestration.warehouse.freshness import Deliveries
from orchestration.warehouse.manifest import Models
from orchestration.warehouse.publishing import Version
from orchestration.warehouse.reading import Reader

if TYPE_CHECKING:
    import pandas as pd


class Candidate(Protocol):
    """A candidate and the build behind it, open to be asked in the engine's own dialect: `duckdb` or `spark`."""

    @property
    def dialect(self) -> str: ...


class Engine(Protocol):
    """One engine, for one home."""

    home: settings.Home

    readers_open: str
    """What a reader opens, in words."""

    def aside(self, publishes: bool) -> "Engine":
        """An engine that builds an earlier day without touching the build and, unless it publishes, the versions of this one."""

    def clear_leftovers(self) -> None:
        """Removes what a run that died may have left of a candidate or a publication; the current version stays."""

    def prepare(self, as_of: date, code: Code, stale: dict[str, date]) -> Prepared:
        """Makes ready for a build by this code; says what became of the last one."""

    def version_before(self, as_of: date) -> str | None:
        """Where the newest version of an earlier date lies, for dbt to read; None where there is none."""

    def ended(self) -> None:
        """Told when dbt has come to an end of its own, well or not."""

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the build."""

    def frame(self, query: str) -> "pd.DataFrame":
        """The same as a frame, columns as the query names them; for many rows."""

    def frames(self, query: str, rows: int) -> Iterator["pd.DataFrame"]:
        """The same as frames of about so many rows, one after the other; for more rows than are held at once."""

    def make_candidate(self, models: Models, deliveries: Deliveries) -> Contents:
        """Copies the public tables of the build to where nobody reads them yet."""

    def candidate(self, facts: duckdb.DuckDBPyConnection) -> AbstractContextManager[Candidate]:
        """The candidate, open for the questions of the release checks, which put what they find into `facts`.

        Raises WarehouseError where none stands.
        """

    def approve(self) -> None:
        """Notes that the candidate has passed the release checks: nothing else may be published."""

    def discard_public(self) -> None:
        """Removes what was built of public tables, so that nothing of it can be in a later version."""

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

    def list_tables(self, models: Models, version: Version) -> AbstractContextManager[Tables]:
        """What target lists read, of that version and of the private warehouse."""


def require_current(engine: Engine) -> Version:
    """The version that readers get. Raises WarehouseError where nothing is published."""
    version = engine.current()
    if version is None:
        english = "{place}: nothing is published yet; run `telco360 nightly`"
        raise WarehouseError(Message.of("nothing_published", english, place=engine.readers_open))
    return version
