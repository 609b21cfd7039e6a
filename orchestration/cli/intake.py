"""The commands `telco360 intake …`."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from orchestration.base import modes, settings
from orchestration.base.contract import load_contract
from orchestration.base.words import did_you_mean
from orchestration.cli.common import a_date, plain_errors
from orchestration.cli.show import show
from orchestration.intake import load_limits
from orchestration.intake.check import check
from orchestration.intake.ledger import history
from orchestration.pipeline.deliveries import take_in_all
from orchestration.warehouse.build import run_lock

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command("run")
def intake_run() -> None:
    """Take in complete deliveries from landing, and nothing more."""

    given = settings.home()
    with plain_errors(), run_lock(given):
        try:
            if closed := modes.told(modes.close(given)):
                typer.echo(closed.removeprefix("; "))
            contract = load_contract()
            report = take_in_all(given, contract, load_limits(contract), typer.echo)
        except KeyboardInterrupt as error:
            raise KeyboardInterrupt("Stopped. The deliveries taken in so far stand; run again for the others.") from error
    typer.echo(f"{len(report.accepted)} accepted, {len(report.rejected)} rejected, {report.unchanged} known and unchanged")
    raise typer.Exit(1 if report.rejected else 0)


@app.command("show")
def intake_show(
    table: str, dt: Annotated[date, typer.Argument(parser=a_date, metavar="YYYY-MM-DD", help="Date of the delivery.")]
) -> None:
    """Show the status of a delivery and its rejected rows."""

    with plain_errors():
        if table not in load_contract():
            raise settings.SettingsError(f"{table} is no table of the contract{did_you_mean(table, load_contract())}")
        typer.echo(show(settings.home(), table, str(dt)))
        known = history(settings.home(), ["table_name", "dt"]).to_pylist()
    raise typer.Exit(0 if {"table_name": table, "dt": dt} in known else 1)


@app.command("check")
def intake_check(
    folder: Annotated[Path, typer.Argument(help="A delivery, <table>/dt=YYYY-MM-DD, or a folder of deliveries, anywhere.")],
) -> None:
    """Try deliveries without taking them in: what would be accepted or rejected, and why."""

    with plain_errors():
        checked = check(settings.home(), load_contract(), folder)
    typer.echo("\n".join(checked.lines))
    raise typer.Exit(0 if checked.is_well else 1)
