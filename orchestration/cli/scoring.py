"""The commands `telco360 scoring …`: the models of scores, which of them scores, and how it was found to be."""

from typing import Annotated

import typer

from orchestration.base import settings
from orchestration.cli.common import plain_errors
from orchestration.scoring.run import store_of
from orchestration.scoring.show import listed, shown

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command("list")
def list_models() -> None:
    """List the models that are kept, the earliest month first; * is the one that scores."""
    with plain_errors():
        typer.echo("\n".join(listed(store_of(settings.home()))))


@app.command()
def show(version: Annotated[str | None, typer.Argument(help="A model; else the one that scores.")] = None) -> None:
    """Show a model: months, rows, figures on the month of its test beside simpler rules, features, what it left out."""
    with plain_errors():
        typer.echo("\n".join(shown(store_of(settings.home()), version)))


@app.command()
def pin(version: Annotated[str, typer.Argument(help="A model that `list` shows.")]) -> None:
    """Have a model score, from the next run on, until another is pinned or `rollback`; better ones wait."""
    with plain_errors():
        store_of(settings.home()).pin(version)
    typer.echo(f"{version} is pinned: it scores from the next run on.")


@app.command()
def rollback() -> None:
    """Have the model before score, from the next run on; a better one takes its place again."""
    with plain_errors():
        version = store_of(settings.home()).rollback()
    typer.echo(f"{version} scores from the next run on.")
