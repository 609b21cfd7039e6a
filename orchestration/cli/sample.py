"""The command `telco360 sample`."""

import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.base import settings
from orchestration.cli.common import a_date, plain_errors
from sample.operator import make_operator

app = typer.Typer(add_completion=False)


@app.command()
def sample(
    subscribers: Annotated[int, typer.Option(help="Lines in the register, those that left included.")] = 20_000,
    months: Annotated[int, typer.Option(help="Months of history, that of --as-of being the last.")] = 15,
    as_of: Annotated[
        date | None,
        typer.Option("--as-of", parser=a_date, metavar="YYYY-MM-DD", help="Last day delivered; else yesterday."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another operator.")] = 1,
    format: Annotated[str, typer.Option(help="parquet or csv.")] = "parquet",
    truth: Annotated[Path | None, typer.Option(help="Write the hidden state to this .parquet or .csv file.")] = None,
) -> None:
    """Make a synthetic operator: deliveries of every raw table, a first load and seven days, in the home's landing."""

    given, console = settings.home(), Console(file=sys.stdout)
    with plain_errors(), console.status("drawing …") as status:
        last = as_of or datetime.now(settings.timezone()).date() - timedelta(days=1)
        rows = make_operator(given, subscribers, months, last, seed, format=format, truth=truth, progress=status.update)
    console.print(f"{rows:,} rows delivered to {given.landing}", soft_wrap=True, highlight=False)
