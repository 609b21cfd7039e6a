"""The command `telco360 export-table`."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from orchestration.base import audit, settings
from orchestration.cli.common import models, plain_errors
from orchestration.targeting.table_file import write_table

app = typer.Typer(add_completion=False)


@app.command()
def export_table(
    table: Annotated[str, typer.Argument(help="A public table: its schema, a dot, its name.")],
    file: Annotated[Path | None, typer.Argument(help="Ends in .csv, .xlsx or .parquet; none: CSV to the terminal.")] = None,
    columns: Annotated[str, typer.Option(help="These alone, with commas between; else all.")] = "",
    limit: Annotated[int | None, typer.Option(min=0, help="The first so many rows, in the order of the table's grain.")] = None,
) -> None:
    """Write a public table, or some of its rows and columns, as a file for Excel, R or another database."""
    wanted = [name.strip() for name in columns.split(",") if name.strip()]
    with plain_errors(), tempfile.TemporaryDirectory() as scratch:
        home = settings.home()
        path = file or Path(scratch) / "table.csv"
        with audit.recorded(home, "table_export", table) as act:
            written = write_table(home, models(), table, path, wanted, limit)
            act.rows = written.rows
        if file is None:
            with path.open("rb") as source:
                shutil.copyfileobj(source, sys.stdout.buffer)
        else:
            typer.echo(f"{path}: {written.rows:,} rows, {written.bytes:,} bytes; {path.stem}.json says what its columns mean")
