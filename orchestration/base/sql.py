"""Names and texts as they stand in DuckDB's SQL, harmless whatever they hold. What is asked belongs to whoever asks."""

from collections.abc import Iterable
from pathlib import Path


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
    """A FROM item of these very Parquet files: what would be a pattern in a path is taken literally."""
    paths = ("".join(f"[{c}]" if c in "*?[" else c for c in str(file)) for file in files)
    return f"read_parquet([{', '.join(literal(path) for path in paths)}], hive_partitioning = false{options})"


def from_folder(folder: Path) -> str:
    """A FROM item of the Parquet files of a delivery in the lake."""
    return from_files(sorted(folder.glob("*.parquet")))
