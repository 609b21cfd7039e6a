"""The command `telco360 status`."""

import sys

import typer
from rich.console import Console
from rich.text import Text

from orchestration.base import settings
from orchestration.cli.common import plain_errors
from orchestration.operations.status import lines

app = typer.Typer(add_completion=False)


@app.command()
def status() -> None:
    """Show what stands: the published version and its age, the last run, what waits, when the next run is due."""
    console = Console(file=sys.stdout, highlight=False)
    with plain_errors():
        for label, text in lines(settings.home()):
            console.print(Text.assemble((f"{label:<14} ", "dim"), text), soft_wrap=True)
