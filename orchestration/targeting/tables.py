"""The tables that lists read, whatever the engine: what a run of lists asks of one, and DuckDB's way; Spark's is `spark.lists`.

All that follows from the answers is worked out in one DuckDB connection of the run's own, on either engine alike.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import duckdb
from sqlglot import exp

from orchestration.targeting.matching import Relations

PUBLIC, PRIVATE = "published", "telco360"
"""What the attached files are called. Views of the private warehouse name their own catalog, telco360: it must be called so."""

OF_PRIVATE = ("phones", "phone_holders", "suppressions", "phone_suppressions", "offer_eligibility")
"""Roles whose tables no reader gets."""


class ListError(RuntimeError):
    """A list that could not be decided or exported. The message names it; no file of this run is left behind."""


class Tables(Protocol):
    """One engine's tables, open for a run of lists."""

    dialect: str
    relations: Relations
    connection: duckdb.DuckDBPyConnection
    """The run's own: holds what `read` brings, and no table of the warehouse is written through it."""

    def rows(self, query: str) -> list[tuple]:
        """The rows of a query on the engine."""

    def columns(self, relation: str) -> tuple[str, ...]:
        """The columns of a table of the engine."""

    def read(self, query: str, into: str, lies_still: bool = True) -> None:
        """Makes the rows of a query on the engine a table of `connection`; a view is enough where they need not lie still."""


class Rules(dict[str, float]):
    """The figures of seed contact_rules by rule. Asking for one that the seed lacks raises ListError."""

    def __missing__(self, rule: str) -> float:
        raise ListError(f"seed contact_rules lacks the rule {rule!r}; add it, build and publish again")


def read_rules(tables: Tables) -> Rules:
    """The rules that the published version was built with."""
    return Rules((rule, float(value)) for rule, value in tables.rows(f"select rule, value from {tables.relations.contact_rules}"))


class DuckDBTables:
    """The published file and the private warehouse, both attached for reading to the run's own connection."""

    dialect = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection, relations: Relations):
        self.connection, self.relations = connection, relations

    def rows(self, query: str) -> list[tuple]:
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
        raise ListError("the private warehouse is not there, and with it phones and suppressions; run telco360 nightly first")
    if not published.exists():
        raise ListError(f"{published} is not there; run telco360 nightly first")
    # Spilled rows hold phones: they go where the files go, not to the working directory.
    with duckdb.connect(config={"temp_directory": str(scratch)}) as connection:
        for path, alias in ((published.resolve(), PUBLIC), (private, PRIVATE)):
            connection.execute(f"attach {exp.Literal.string(str(path)).sql('duckdb')} as {alias} (read_only)")
        named = {role: _named(relation, PRIVATE if role in OF_PRIVATE else PUBLIC) for role, relation in relations.items()}
        yield DuckDBTables(connection, Relations(**named))


def _named(relation: str, catalog: str) -> str:
    schema, table = relation.split(".")
    return exp.table_(table, db=schema, catalog=catalog, quoted=True).sql("duckdb")
