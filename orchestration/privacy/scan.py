"""Searches a home for phones, document numbers, names and dates of birth where none may be: published tables, exports beside
their phones, quarantine, ledger, logs, dbt's artefacts, Data Docs, Dagster's store, manifests.

The lake's raw tables, landing and the private build hold them on purpose. What may be personal is `values`', how it is looked
for `cells`' and `text`'s.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from orchestration.base.contract import Table
from orchestration.base.errors import WarehouseError
from orchestration.base.settings import Home, memory_limit
from orchestration.base.sql import from_files, identifier, in_memory, literal
from orchestration.privacy.cells import Found, found_in_cells, found_in_text
from orchestration.privacy.places import PHONE_COLUMNS
from orchestration.privacy.text import tokens_of
from orchestration.privacy.values import NUMBER, create_values
from orchestration.quality import privacy
from orchestration.quality.limits import ReleaseLimits, load_release_limits
from orchestration.warehouse.publishing import versions

TABLES = (".parquet", ".csv")
"""Endings of files that are read as tables."""

NO_TEXT = (*TABLES, ".xlsx", ".duckdb", ".wal")


@dataclass(frozen=True)
class Scan:
    """What a scan came to: findings, and how many places were looked at, by kind of place."""

    found: list[Found]
    looked_at: dict[str, int]


def scan(
    home: Home,
    contract: dict[str, Table],
    note: Callable[[str], None] = lambda text: None,
    all_versions: bool = False,
    beside: Sequence[Path] = (),
) -> Scan:
    """Searches the home. `all_versions`: each that stands, else the one that readers get; `beside`: more folders of files that
    are no tables, such as dbt's in the project. Raises WarehouseError for a home without a lake."""
    if not home.raw.is_dir():
        raise WarehouseError(
            f"{home.raw} is not there: nothing tells what to look for. Name the home with --home or TELCO360_HOME"
        )
    limits = load_release_limits()
    owners = {name for table in contract.values() for name in privacy.owner_columns(table, contract)}
    found: list[Found] = []
    looked_at: dict[str, int] = {}
    with in_memory(memory_limit=memory_limit(), temp_directory=str(home.warehouse / "spill")) as db:
        note("personal values of the lake")
        create_values(db, home.raw, contract, limits)
        searched = _Searched(db, limits, owners)
        for kind, name, search in _places(home, searched, all_versions, beside):
            note(f"{kind}: {name}")
            found += search()
            looked_at[kind] = looked_at.get(kind, 0) + 1
    return Scan(found, looked_at)


Place = tuple[str, str, Callable[[], Iterable[Found]]]
"""Kind of a place, its name, and what searches it."""


class _Searched:
    """A connection that holds the personal values."""

    def __init__(self, db: duckdb.DuckDBPyConnection, limits: ReleaseLimits, owners: set[str]):
        self.db, self.limits, self.owners = db, limits, owners
        self.looks = privacy.looks_of(db)
        days = db.execute("select distinct strftime(birth, '%Y%m%d') from births").fetchall()
        self.days = frozenset(day for (day,) in days)

    def database(self, path: Path, place: str) -> Iterator[Found]:
        """The tables of a DuckDB file; views hold what their tables hold."""
        self.db.execute(f"attach {literal(path)} as scanned (read_only)")
        try:
            query = "select schema_name, table_name from duckdb_tables() where database_name = 'scanned' order by all"
            for schema, table in self.db.execute(query).fetchall():
                relation = f"scanned.{identifier(schema)}.{identifier(table)}"
                yield from found_in_cells(self.db, relation, f"{place} {schema}.{table}", self.owners, self.limits, self.looks)
        finally:
            self.db.execute("detach scanned")

    def table(self, paths: list[Path], place: str, allowed: Iterable[str] = ()) -> Iterator[Found]:
        """Files of one form, read as one table."""
        if paths[0].suffix == ".csv":
            names = ", ".join(literal(path) for path in paths)
            relation = f"read_csv([{names}], header = true, all_varchar = true, union_by_name = true)"
        else:
            relation = from_files(paths)
        self.db.execute(f"create or replace temp table from_files as select * from {relation}")
        yield from found_in_cells(self.db, "from_files", place, self.owners, self.limits, self.looks, tuple(allowed))
        self.db.execute("drop table from_files")

    def files(self, root: Path, paths: Sequence[Path]) -> Iterator[Found]:
        """Files that are no tables, looked through together; where something is found, each by itself."""
        if any(found_in_text(self.db, tokens_of(paths, self.days), "", self.limits)):
            for path in paths:
                name = str(path.relative_to(root) if path.is_relative_to(root) else path)
                yield from found_in_text(self.db, tokens_of([path], self.days), name, self.limits)

    def workbook(self, root: Path, path: Path) -> Iterator[Found]:
        """A workbook: which of its columns holds phones is not told, so that numbers in it are no finding."""
        yield from (found for found in self.files(root, [path]) if found.kind != NUMBER)


def _places(home: Home, at: _Searched, all_versions: bool, beside: Sequence[Path]) -> Iterator[Place]:
    for version in versions(home):
        if version.is_current or all_versions:
            name = f"published/{version.path.name}"
            yield "versions", name, partial(at.database, version.path, name)
    for path in sorted(home.exports.rglob("*")):
        name = str(path.relative_to(home.root))
        if path.suffix in TABLES:
            yield "exports", name, partial(at.table, [path], name, PHONE_COLUMNS)
        elif path.suffix == ".xlsx":
            yield "exports", name, partial(at.workbook, home.root, path)
    for folder in (*sorted(home.quarantine.glob("*")), *sorted(home.ledger.glob("*"))):
        if paths := sorted(folder.rglob("*.parquet")):
            name = str(folder.relative_to(home.root))
            yield "quarantine and ledger", name, partial(at.table, paths, name)
    for name, paths in _text_files(home, beside):
        yield "folders of logs, pages and stores", name, partial(at.files, home.root, paths)


def _text_files(home: Home, beside: Sequence[Path]) -> Iterator[tuple[str, list[Path]]]:
    """Files that are no tables, by folder."""
    within = [folder for folder in home.warehouse.glob("*/") if not folder.is_symlink() and folder.name != "aside"]
    folders = [*sorted(within), home.published, home.exports, home.ledger, home.models, *beside]
    yield "warehouse", [path for path in sorted(home.warehouse.glob("*")) if _is_text(path)]
    for folder in folders:
        yield str(folder), [path for path in sorted(folder.rglob("*")) if _is_text(path)]


def _is_text(path: Path) -> bool:
    return path.is_file() and path.suffix not in NO_TEXT
