"""The commands `telco360 publish …`."""

from typing import Annotated

import typer

from orchestration.base import audit, settings
from orchestration.cli.common import plain_errors
from orchestration.engines.choose import engine

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command("list")
def publish_list() -> None:
    """List the versions that stand, newest first; * is what readers get."""

    with plain_errors():
        versions = engine(settings.home()).versions()
    if not versions:
        typer.echo("Nothing is published yet; run `telco360 nightly`.")
    for version in versions:
        rows = sum(table.rows for table in version.contents.tables.values())
        stale = f", stale: {', '.join(version.contents.stale)}" if version.contents.stale else ""
        typer.echo(
            f"{'*' if version.is_current else ' '} {version.name}  {len(version.contents.tables)} tables, {rows:,} rows{stale}"
        )


@app.command("rollback")
def publish_rollback(
    version: Annotated[str | None, typer.Argument(help="Name or run; else the version before.")] = None,
) -> None:
    """Make an earlier version the one that readers get."""

    with plain_errors():
        home = settings.home()
        with audit.recorded(home, "publish_rollback", version or "the version before"):
            current = engine(home).rollback(version)
    typer.echo(f"Readers now get {current.name}.")
