"""Reading the published version from Python: locked down, and no more."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import duckdb

from orchestration.base.errors import WarehouseError
from orchestration.base.settings import Home
from orchestration.base.sql import identifier, literal
from orchestration.base.words import Message
from orchestration.warehouse.manifest import Model


class Reader(Protocol):
    """The current version, open for reading, whichever engine holds it. Schemas are called as the build's are."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""

    def columns(self, schema: str, table: str) -> list[str]:
        """Names of a table's columns in their order; none where the version has no such table."""

    def relation(self, schema: str, table: str) -> str:
        """How a query names a table."""

    def literal(self, text: str) -> str:
        """A text as it is in a query, harmless whatever it holds."""


class DuckDBReader:
    """The current version's file."""

    def __init__(self, db: duckdb.DuckDBPyConnection):
        self.db = db

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.db.execute(query).fetchall()

    def columns(self, schema: str, table: str) -> list[str]:
        # A question to information_schema would list the columns of all tables each time.
        try:
            return [row[0] for row in self.rows(f"describe {self.relation(schema, table)}")]
        except duckdb.CatalogException:
            return []

    def relation(self, schema: str, table: str) -> str:
        return f"{identifier(schema)}.{identifier(table)}"

    def literal(self, text: str) -> str:
        return literal(text)


@contextmanager
def published(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The current version, open for reading; the connection reaches no file and no setting. Raises WarehouseError for none."""
    if not home.current.exists():
        english = "{place} is not there: nothing is published yet; run `telco360 nightly`"
        raise WarehouseError(Message.of("nothing_published", english, place=home.current))
    # The link may move meanwhile; whoever has opened it stays on one version.
    with duckdb.connect(
        str(home.current.resolve()),
        read_only=True,
        config={"enable_external_access": "false", "lock_configuration": "true"},
    ) as db:
        yield db


def model_rows(reader: Reader, model: Model, where: str = "true") -> list[dict[str, Any]]:
    """The rows of a model's table for which a condition holds, each by column name; none where the version has no such table."""
    names = reader.columns(model.schema, model.table)
    found = reader.rows(f"select * from {reader.relation(model.schema, model.table)} where {where}") if names else []
    return [dict(zip(names, row, strict=True)) for row in found]
