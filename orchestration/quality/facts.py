"""The database in which source checks and release checks gather their facts, and these as frames. What they are is each's own."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from orchestration.base.settings import memory_limit

if TYPE_CHECKING:
    import pandas as pd


@contextlib.contextmanager
def facts_database(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty DuckDB in memory to put facts into; what does not fit there goes to `folder` while it is open."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"memory_limit": memory_limit(), "temp_directory": str(folder / "facts.tmp")}) as db:
        yield db


def add_rows(db: duckdb.DuckDBPyConnection, name: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Puts rows into a table of facts, values in the order of its columns. All at once: thousands of inserts cost a second."""
    if not (held := list(rows)):
        return
    columns = [pa.array(values) for values in zip(*held, strict=True)]
    db.register("added", pa.table(columns, names=[f"column_{number}" for number in range(len(columns))]))
    db.execute(f"insert into {name} from added")
    db.unregister("added")


def frames(db: duckdb.DuckDBPyConnection, names: Iterable[str]) -> dict[str, "pd.DataFrame"]:
    """The tables of facts by name; what is missing in them is NaN."""
    return {name: db.table(name).df() for name in names}
