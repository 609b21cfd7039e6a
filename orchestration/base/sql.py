"""Names and texts as they stand in DuckDB's SQL, harmless whatever they hold, and the row of a query that has one.

What is asked belongs to whoever asks.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb


def one_row(found: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    """The first row of a query that always has one, such as a count over a table."""
    row = found.fetchone()
    if row is None:
        raise AssertionError("a query that always has a row had none")
    return row


def in_memory(**config: Any) -> duckdb.DuckDBPyConnection:
    """A database in memory that draws no progress bar over what the command line says; `config`: DuckDB's settings."""
    db = duckdb.connect(config=config)
    db.execute("set enable_progress_bar = false")
    return db


def identifier(name: str) -> str:
    """The name of a column, table, schema or database, in quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """A text, or what reads as one (a path), in quotes."""
    return "'" + str(text).replace("'", "''") + "'"


def identifiers(names: Iterable[str]) -> str:
    """Names in quotes, with commas between."""
    return ", ".join(identifier(name) for name in names)


def from_files(files: Iterable[Path], options: str = "") -> str:
    """A FROM item of these very Parquet files: what would be a pattern in a path is taken literally. A column has the widest type
    that it has in one of them."""
    paths = ", ".join(literal("".join(f"[{c}]" if c in "*?[" else c for c in str(file))) for file in files)
    return f"read_parquet([{paths}], hive_partitioning = false, union_by_name = true{options})"


def from_folder(folder: Path) -> str:
    """A FROM item of the Parquet files of a delivery in the lake."""
    return from_files(sorted(folder.glob("*.parquet")))
