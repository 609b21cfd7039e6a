"""The commands `telco360 scoring …`: the models of scores, which of them scores, and how it was found to be."""

from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration.base import audit, settings
from orchestration.cli.common import plain_errors
from orchestration.scoring.cards import store_with, stores
from orchestration.scoring.errors import ScoringError
from orchestration.scoring.purposes import NAMES, VALUE_LOSS
from orchestration.scoring.show import all_listed, shown
from orchestration.scoring.store import Store

app = typer.Typer(no_args_is_help=True, add_completion=False)

Purpose = Annotated[str, typer.Argument(help=f"What the models tell: {', '.join(NAMES)}.")]


@app.command("list")
def list_models(purpose: Annotated[str, typer.Argument(help="What the models tell; else all.")] = "") -> None:
    """List the models that are kept, the earliest month first; * is the one that scores."""
    with plain_errors():
        found = stores(settings.home())
        typer.echo("\n".join(all_listed({purpose: _store(purpose)} if purpose else found)))


@app.command()
def show(
    model: Annotated[
        str, typer.Argument(help="A model that `list` shows, or a purpose for the one that scores.")
    ] = VALUE_LOSS.name,
) -> None:
    """Show a model: months, rows, figures on the month of its test beside simpler rules, features, what it left out."""
    with plain_errors():
        is_purpose = model in NAMES
        store = _store(model) if is_purpose else store_with(settings.home(), model)
        typer.echo("\n".join(shown(store, None if is_purpose else model)))


@app.command()
def pin(version: Annotated[str, typer.Argument(help="A model that `list` shows.")]) -> None:
    """Have a model score, from the next run on, until another is pinned or `rollback`; better ones wait."""
    with plain_errors(), audit.recorded(settings.home(), "model_pin", version):
        store_with(settings.home(), version).pin(version)
    typer.echo(f"{version} is pinned: it scores from the next run on.")


@app.command()
def rollback(purpose: Purpose = VALUE_LOSS.name) -> None:
    """Have the model before score, from the next run on; a better one takes its place again."""
    with plain_errors(), audit.recorded(settings.home(), "model_rollback", purpose):
        version = _store(purpose).rollback()
    typer.echo(f"{version} scores from the next run on.")


@app.command()
def plots(
    folder: Annotated[Path, typer.Argument(help="Where the pictures go.")] = Path("plots"),
    form: Annotated[str, typer.Option("--format", help="svg or png.")] = "svg",
) -> None:
    """Draw the models that score: calibration, lift, and what they go by, a picture each."""
    from orchestration.scoring.plots import draw_all

    with plain_errors():
        for path in draw_all(settings.home(), folder, form):
            typer.echo(str(path))


def _store(purpose: str) -> Store[Any]:
    found = stores(settings.home())
    if purpose not in found:
        raise ScoringError(f"'{purpose}' is no purpose of a model; there are {', '.join(NAMES)}")
    return found[purpose]
