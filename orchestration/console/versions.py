"""The published version that the console shows: opened once, shared by all requests, replaced when the link moves on.

What a version holds never changes, so the rows of a query are kept as long as it is the current one.
"""

import gc
import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base.billed import BilledMonths, billed_months, months_sql
from orchestration.base.errors import WarehouseError
from orchestration.base.settings import Home
from orchestration.base.words import Message
from orchestration.catalog.published import read_tags
from orchestration.catalog.tags import Catalog, Tag
from orchestration.engines.duckdb import DuckDBTables
from orchestration.engines.tables import ROLES, Relations, Tables
from orchestration.tags.catalogue import Coverage, read_coverage
from orchestration.tags.overlaps import Overlap, overlaps_in
from orchestration.targeting.index import LineIndex
from orchestration.warehouse.build import is_locked
from orchestration.warehouse.manifest import Models, relation_for, require_serving
from orchestration.warehouse.publishing import Version, current
from orchestration.warehouse.reading import DuckDBReader, Reader, published

KEPT_QUERIES = 500
KEPT_ROWS = 1_000
"""A query with more rows is asked again each time."""


LONGEST_WAIT = 30.0
"""Seconds until pages that read a version have come to their end."""


LACKS = (duckdb.BinderException, duckdb.CatalogException)
"""What a query meets in a version that other code published."""


def lacking(version: str, error: Exception) -> Message:
    """What is said of a version that lacks a table or column."""
    english = "{version} was published by other code and lacks what this page shows; run `telco360 nightly`: {error}"
    return Message.of("other_code", english, version=version, error=str(error))


class NothingPublished(WarehouseError):
    """There is no version to show. `why`: nothing was published yet; a run is building just now; or the file was lost."""

    def __init__(self, home: Home):
        is_lost, is_being_built = home.current.is_symlink(), home.warehouse.exists() and is_locked(home)
        self.why = "lost" if is_lost else "building" if is_being_built else "nothing"
        super().__init__(f"{home.current}: nothing is published yet; run `telco360 nightly`")


@dataclass
class Opened:
    """One version, open for reading by any number of threads."""

    version: Version
    models: Models
    _db: duckdb.DuckDBPyConnection
    _held: ExitStack
    """Closes the file with the last request that has it."""
    _is_warmed: bool = False
    _coverage: dict[tuple[str, str], Coverage] = field(default_factory=dict)
    _kept: dict[str, tuple[list[str], list[tuple[Any, ...]]]] = field(default_factory=dict)

    _made: dict[str, Any] = field(default_factory=dict)
    _making: threading.Lock = field(default_factory=threading.Lock)

    @property
    def as_of(self) -> date:
        return date.fromisoformat(self.version.contents.as_of)

    def reader(self) -> Reader:
        """A reader for one thread."""
        return DuckDBReader(self._db.cursor())

    def ask(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Names of the columns and all rows of a query."""
        known = self._kept.get(query)
        if known is not None:
            return known
        found = self._db.cursor().execute(query)
        answer = [column[0] for column in found.description], found.fetchall()
        if len(answer[1]) <= KEPT_ROWS:
            while len(self._kept) >= KEPT_QUERIES:
                self._kept.pop(next(iter(self._kept), ""), None)  # the one asked for first; another thread may have taken it
            self._kept[query] = answer
        return answer

    def tables(self) -> Tables:
        """The published tables as the counts of lists read them, for one thread."""
        return DuckDBTables(self._db.cursor(), self._relations)

    @cached_property
    def _relations(self) -> Relations:
        return Relations(**{role: relation_for(self.models, role) for role in ROLES})

    def coverage(self, tag: Tag) -> Coverage:
        """How many carry each value of the tag, the most first."""
        if (tag.entity, tag.name) not in self._coverage:
            self._coverage[tag.entity, tag.name] = read_coverage(self.reader(), self.models, tag)
        return self._coverage[tag.entity, tag.name]

    def near(self, tag: Tag, at_least: float, least: int) -> list[Overlap]:
        """The overlaps of the tag with others of its entity, by all members of the version; found once."""
        entries = list(self.catalog.tags(tag.entity).values())
        return list(
            self.kept(
                f"near {tag.entity} {tag.name}",
                lambda: overlaps_in(self._db.cursor(), self.models, entries, at_least, least, tag.name),
            )
        )

    @cached_property
    def index(self) -> LineIndex:
        """Counts of conditions from memory."""
        return LineIndex(self.catalog.tags(), self.as_of)

    def warm(self) -> None:
        """Has the index read ahead, once, while the first conditions are written."""
        if not self._is_warmed:
            self._is_warmed = True
            threading.Thread(target=self.index.warm, args=[self.tables()], daemon=True).start()

    @cached_property
    def lines(self) -> int:
        """How many lines the version has, on the network or once on it."""
        return int(self.reader().rows(f"select count(*) from {self._relations.tag_values}")[0][0])

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once for the version: for what is dear to find. Whoever asks meanwhile waits for it."""
        with self._making:
            if name not in self._made:
                self._made[name] = make()
            return self._made[name]

    @cached_property
    def catalog(self) -> Catalog:
        return Catalog.of(read_tags(self.reader(), self.models))

    @cached_property
    def billed(self) -> BilledMonths:
        return billed_months(self.reader().rows(months_sql(require_serving(self.models, "months").relation)))

    @cached_property
    def late(self) -> tuple[str, ...]:
        """Raw tables that are late or whose newest delivery was rejected, by name."""
        relation = require_serving(self.models, "raw_tables").relation
        found = self.reader().rows(f"select table_name from {relation} where is_late or is_last_rejected order by table_name")
        return tuple(name for (name,) in found)


class Versions:
    """The current version of a home, whichever that is when it is asked for."""

    def __init__(self, home: Home, models: Models):
        self.home, self.models = home, models
        self._lock = threading.Lock()
        self._seen: tuple[str, int, int] | None = None
        self._opened: Opened | None = None

    def current(self) -> Opened:
        """The version that readers get now. Raises NothingPublished where there is none.

        One that was replaced stays open for the requests that have it, and is closed with the last of them.
        """
        with self._lock:
            mark = self._mark()
            if self._opened is None or mark is None or mark != self._seen:
                self._opened = self._seen = None
                self._wait_for_readers_of_what_was()
                self._opened, self._seen = self._open(), mark
            return self._opened

    def _wait_for_readers_of_what_was(self) -> None:
        """An erasure writes a version anew under its name, and DuckDB would open the file that was there as long as anybody in
        this process has that open: waits until all have closed it. Raises WarehouseError where they do not."""
        path, end = self.home.current.resolve(), time.monotonic() + LONGEST_WAIT
        while _is_replaced_open(path):
            if time.monotonic() > end:
                english = "{version} was written anew, and pages still read what it was before; reload in a minute"
                raise WarehouseError(Message.of("written_anew", english, version=path.name))
            gc.collect()  # what a page was made of may refer to itself
            time.sleep(0.02)

    def _mark(self) -> tuple[str, int, int] | None:
        """Which file is the current one: an erasure writes a version anew under its name."""
        try:
            path = self.home.current.resolve()
            found = path.stat()
        except OSError:
            return None
        return path.name, found.st_ino, found.st_mtime_ns

    def _open(self) -> Opened:
        version = current(self.home) if self.home.current.exists() else None
        if version is None:
            raise NothingPublished(self.home)
        with ExitStack() as held:
            db = held.enter_context(published(self.home))
            return Opened(version, self.models, db, held.pop_all())


def _is_replaced_open(path: Path) -> bool:
    """Whether this process has a file open that was replaced under its path. False where the system does not tell: Linux does."""
    opened = Path("/proc/self/fd")
    if not opened.is_dir():
        return False
    for each in opened.iterdir():
        with suppress(OSError):
            if os.readlink(each) == f"{path} (deleted)":
                return True
    return False
