"""A public table as a file of its own: CSV, workbook or Parquet, as the files of lists are."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb

from orchestration.base.settings import Home
from orchestration.base.sql import identifier, literal
from orchestration.engines.duckdb import DuckDBEngine
from orchestration.engines.protocol import require_current
from orchestration.targeting.destination import FileError
from orchestration.targeting.file_title import FileTitle
from orchestration.targeting.files import FORMATS, Written, write_list
from orchestration.warehouse.manifest import Model, Models, descriptions

SHEET_ROWS = 1_048_575
"""Rows that a sheet of Excel takes below its header."""


def write_table(
    home: Home, models: Models, table: str, path: Path, columns: Sequence[str] = (), limit: int | None = None
) -> Written:
    """Writes a table of the current version to `path`, whose suffix says how; beside it the manifest, `<name>.json`.

    `table`: `schema.name`, or the name alone where only one schema has it. `columns`: these alone, in this order; else all.
    `limit`: the first so many rows in the order of the table's grain. Ids stay text: a spreadsheet shortens no long number.
    Raises FileError for a table, column or suffix that does not exist, more rows than a workbook opens with, and what cannot be
    written; WarehouseError where nothing is published.
    """
    format = path.suffix.lstrip(".").lower()
    if format not in FORMATS:
        raise FileError(f"{path}: a file ends in {', '.join('.' + one for one in FORMATS)}, by which its format is told")
    # One version for all of it: the link may move meanwhile.
    model, version = public_table(models, table), require_current(DuckDBEngine(home))
    with duckdb.connect() as db:
        db.execute(f"attach {literal(version.path)} as published (read_only)")
        db.execute("use published")
        query, rows = query_of(db, model, columns, limit)
        if format == "xlsx" and rows > SHEET_ROWS:
            raise FileError(
                f"table {model.relation}: {rows:,} rows, and a sheet takes {SHEET_ROWS:,}; write .csv or .parquet, or fewer rows "
                f"with --limit"
            )
        title = FileTitle(
            name=model.relation,
            en=model.relation,
            zh=model.relation,
            run_date=date.fromisoformat(version.contents.as_of),
            meanings=descriptions(model, models),
            facts={"version": version.name},
            what="table",
        )
        ids = [name for name in _names(db, query) if name.endswith(("_id", "_code"))]
        return write_list(db, query, path.stem, format, path.absolute().parent, title, ids)


def public_table(models: Models, table: str) -> Model:
    """The public model of that name. Raises FileError for none, and for a name that two schemas have."""
    public = sorted((model for model in models if model.is_public), key=lambda model: model.relation)
    found = [model for model in public if table in (model.relation, model.table)]
    if len(found) == 1:
        return found[0]
    if found:
        raise FileError(f"{table}: there are {' and '.join(model.relation for model in found)}; name one with its schema")
    near = [model.relation for model in public if table.rpartition(".")[2] in model.table]
    hint = f"; did you mean {', '.join(near[:5])}?" if near else "; docs/analysts.md lists them all"
    raise FileError(f"{table}: no public table has that name{hint}")


def query_of(db: duckdb.DuckDBPyConnection, model: Model, columns: Sequence[str], limit: int | None) -> tuple[str, int]:
    """The query of the file, and how many rows it has. Raises FileError for a column that the table has not."""
    there = _names(db, f"select * from {model.relation}")
    if unknown := [name for name in columns if name not in there]:
        raise FileError(f"table {model.relation} has no column {', '.join(unknown)}; it has {', '.join(there)}")
    (rows,) = db.execute(f"select count(*) from {model.relation}").fetchone() or (0,)
    shown = ", ".join(identifier(name) for name in columns or there)
    order = ", ".join(identifier(name) for name in model.meta.get("grain", ()) if name in there)
    query = f"select {shown} from {model.relation}" + (f" order by {order}" if order else "")
    return (query, rows) if limit is None else (f"{query} limit {limit}", min(rows, limit))


def _names(db: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return [name for name, *_ in db.execute(f"describe {query}").fetchall()]
