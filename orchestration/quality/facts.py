"""The DuckDB file that a gate puts its facts into. What the facts are is each gate's own."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import duckdb

from orchestration.base.settings import memory_limit


@contextlib.contextmanager
def facts_file(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new, empty DuckDB file to put facts into; closed, and so readable by others, on leaving."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path), config={"memory_limit": memory_limit()}) as db:
        yield db
