"""The command `telco360 tour`: what a run has made, for someone who sees it for the first time."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from orchestration.base import settings
from orchestration.base.errors import WarehouseError
from orchestration.base.settings import Home
from orchestration.catalog.published import read_tags
from orchestration.cli.common import models, plain_errors
from orchestration.warehouse.manifest import SUBSCRIBER, Model, relation_for
from orchestration.warehouse.publishing import current
from orchestration.warehouse.reading import DuckDBReader, published

app = typer.Typer(add_completion=False)


@app.command()
def tour() -> None:
    """Show what the last run has made: tables, tags, lists, where to look."""

    console = Console(file=sys.stdout, highlight=False)
    with plain_errors():
        for station in stations(settings.home(), models()):
            console.print(station, soft_wrap=True)


def stations(home: Home, models: tuple[Model, ...]) -> Iterator[RenderableType]:
    """The stations of the tour, ready to print. Raises WarehouseError where nothing is published."""
    version = current(home)
    if version is None:
        raise WarehouseError(f"{home.current}: nothing is published yet; run `telco360 nightly`")
    yield _heading(f"Published: {version.name}, as of {version.contents.as_of}")
    yield _tables({name: table.rows for name, table in version.contents.tables.items()})
    with published(home) as db:
        found = sorted(read_tags(DuckDBReader(db), models), key=lambda tag: tag.name)
        tags = [tag for tag in found if tag.entity == SUBSCRIBER and tag.is_active]
        values = relation_for(models, "tag_values")
        yield _heading(f"{len(tags)} tags of each line, all in {values}; those that sort lines by rank:")
        for tag in tags:
            if tag.kind in ("tier", "band") and tag.values:
                counts = dict(db.execute(f"select {tag.name}, count(*) from {values} group by 1").fetchall())
                shown = "   ".join(f"{value} {counts.get(value, 0):,}" for value in tag.values)
                yield Text.assemble((f"  {tag.name} ", "bold"), (f"{tag.label_zh}  ", "dim"), shown)
    yield _heading("Where to look")
    yield _places(home)


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _tables(rows: dict[str, int]) -> Table:
    by_schema: dict[str, list[str]] = {}
    for name, count in sorted(rows.items()):
        schema, table = name.split(".")
        by_schema.setdefault(schema, []).append(f"{table} {count:,}")
    grid = Table.grid(padding=(0, 2))
    for schema, tables in by_schema.items():
        grid.add_row(Text(f"  {schema}", style="bold"), ", ".join(tables))
    return grid


def _places(home: Home) -> Text:
    # Lines, not a table: a table breaks paths that are wider than the terminal, and they could not be copied.
    files = sorted(home.exports.glob("*/*.csv"))
    telco360, duckdb = called("telco360"), called("duckdb")
    client = duckdb if shutil.which(duckdb) else f"{beside('pip')} install duckdb-cli, then {duckdb}"
    places = [
        ("query it", f"{client} -readonly {home.current}"),
        ("target lists", str(files[-1]) if files else f"none exported yet: {home.exports}"),
        ("quality checks", str(home.data_docs / "index.html")),
        ("all of it as pages", "make console, then the address that it prints"),
        ("runs and lineage", "make dev, then http://127.0.0.1:3000"),
        ("a tag explained", f"{telco360} tags show value_tier; {telco360} tags why SUBSCRIBER value_tier"),
    ]
    width = max(len(what) for what, _ in places)
    return Text("\n".join(f"  {what:<{width}}  {where}" for what, where in places))


def called(name: str) -> str:
    """How a terminal calls a program of this environment: by its name where it finds it, else by its path."""
    return name if shutil.which(name) else beside(name)


def beside(name: str) -> str:
    """The path of a program of the running Python's environment, whether it is installed or not."""
    return str(Path(sys.executable).with_name(name))
