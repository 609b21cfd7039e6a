"""The command `telco360`. Reads arguments, calls the package that does the work, tells the result; no rule belongs here.

Heavy imports stand within the commands, so that help comes at once.
"""

import os
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from orchestration.base import settings
from orchestration.cli.common import HomeOption, TargetOption, VersionOption, WithCommonOptions, a_date, models, plain_errors
from orchestration.cli.lists import lists_app
from orchestration.cli.scoring import scoring_app
from orchestration.cli.tags import tags_app

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    cls=WithCommonOptions,
    help="From deliveries to a published warehouse and target lists.",
)
intake_app = typer.Typer(no_args_is_help=True)
publish_app = typer.Typer(no_args_is_help=True)
app.add_typer(intake_app, name="intake", help="Take in deliveries, try one before, see what became of one.")
app.add_typer(publish_app, name="publish", help="List the published versions, go back to one.")
app.add_typer(tags_app, name="tags", help="Ask the tag library: what there is, why a subscriber carries a tag, what changed.")
app.add_typer(lists_app, name="lists", help="Start, check, preview and export target lists; ask what became of them.")
app.add_typer(scoring_app, name="scoring", help="Models of scores: list, show, pin one, go back to the one before.")

AsOfOption = Annotated[
    date | None, typer.Option("--as-of", parser=a_date, metavar="YYYY-MM-DD", help="Business date; else the latest delivered.")
]


@app.callback()
def main(home: HomeOption = None, target: TargetOption = None, version: VersionOption = False) -> None:
    # The options are read by their callbacks.
    pass


@app.command()
def nightly(
    as_of: AsOfOption = None,
    publish: Annotated[bool, typer.Option("--publish", help="Publish, also for an earlier day than the published one.")] = False,
    export_lists: Annotated[
        bool, typer.Option("--export-lists", help="Export lists, also for a day before the published one or long past.")
    ] = False,
) -> None:
    """Take in what was delivered, build, test, publish, export the target lists.

    A run for an earlier day than the published one is built beside it: it publishes and exports nothing unless asked.
    """
    from rich.console import Console

    console = Console(file=sys.stdout)
    with plain_errors():
        with console.status("starting …"):  # Dagster takes some seconds to import
            from orchestration.cli.summary import TerminalProgress, summary
            from orchestration.pipeline.nightly import run_nightly
        outcome = run_nightly(
            settings.home(), as_of, TerminalProgress(console), publishes_earlier=publish, exports_earlier=export_lists
        )
    console.print()
    for line in summary(outcome):
        console.print(line, soft_wrap=True)
    raise typer.Exit(0 if outcome.is_well else 1)


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
    from rich.console import Console

    from sample.operator import make_operator

    given, console = settings.home(), Console(file=sys.stdout)
    with plain_errors(), console.status("drawing …") as status:
        last = as_of or datetime.now(settings.timezone()).date() - timedelta(days=1)
        rows = make_operator(given, subscribers, months, last, seed, format=format, truth=truth, progress=status.update)
    console.print(f"{rows:,} rows delivered to {given.landing}", soft_wrap=True, highlight=False)


@app.command()
def tour() -> None:
    """Show what the last run has made: tables, tags, lists, where to look."""
    from rich.console import Console

    from orchestration.cli.tour import stations

    console = Console(file=sys.stdout, highlight=False)
    with plain_errors():
        for station in stations(settings.home(), models()):
            console.print(station, soft_wrap=True)


@app.command()
def dev(port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 3000) -> None:
    """Open Dagster's page on 127.0.0.1: runs, lineage, schedule, sensor. Its history is in the home's warehouse/dagster."""
    from orchestration.pipeline.nightly import dagster_home
    from orchestration.warehouse.dbt import dbt_environment, ensure_manifest

    with plain_errors():
        given = settings.home()
        ensure_manifest(given)
        environment = os.environ | dbt_environment(given) | {"DAGSTER_HOME": str(dagster_home(given))}
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-m",
        "orchestration.pipeline.definitions",
    ]
    os.execve(sys.executable, command, environment)


@intake_app.command("run")
def intake_run() -> None:
    """Take in complete deliveries from landing, and nothing more."""
    from orchestration.pipeline.run import Run
    from orchestration.warehouse.build import run_lock

    given = settings.home()
    with plain_errors(), run_lock(given):
        try:
            report = Run(given).take_in(typer.echo)
        except KeyboardInterrupt as error:
            raise KeyboardInterrupt("Stopped. The deliveries taken in so far stand; run again for the others.") from error
    typer.echo(f"{len(report.accepted)} accepted, {len(report.rejected)} rejected, {report.unchanged} known and unchanged")
    raise typer.Exit(1 if report.rejected else 0)


@intake_app.command("show")
def intake_show(
    table: str, dt: Annotated[date, typer.Argument(parser=a_date, metavar="YYYY-MM-DD", help="Date of the delivery.")]
) -> None:
    """Show the status of a delivery and its rejected rows."""
    from orchestration.base.contract import load_contract
    from orchestration.base.words import did_you_mean
    from orchestration.cli.show import show
    from orchestration.intake.ledger import history

    with plain_errors():
        if table not in load_contract():
            raise settings.SettingsError(f"{table} is no table of the contract{did_you_mean(table, load_contract())}")
        typer.echo(show(settings.home(), table, str(dt)))
        known = history(settings.home(), ["table_name", "dt"]).to_pylist()
    raise typer.Exit(0 if {"table_name": table, "dt": dt} in known else 1)


@intake_app.command("check")
def intake_check(
    folder: Annotated[Path, typer.Argument(help="A delivery, <table>/dt=YYYY-MM-DD, or a folder of deliveries, anywhere.")],
) -> None:
    """Try deliveries without taking them in: what would be accepted or rejected, and why."""
    from orchestration.base.contract import load_contract
    from orchestration.intake.check import check

    with plain_errors():
        checked = check(settings.home(), load_contract(), folder)
    typer.echo("\n".join(checked.lines))
    raise typer.Exit(0 if checked.is_well else 1)


@publish_app.command("list")
def publish_list() -> None:
    """List the versions that stand, newest first; * is what readers get."""
    from orchestration.engines.choose import engine

    with plain_errors():
        standing = engine(settings.home()).versions()
    if not standing:
        typer.echo("Nothing is published yet; run `telco360 nightly`.")
    for version in standing:
        rows = sum(table.rows for table in version.contents.tables.values())
        stale = f", stale: {', '.join(version.contents.stale)}" if version.contents.stale else ""
        typer.echo(
            f"{'*' if version.is_current else ' '} {version.name}  {len(version.contents.tables)} tables, {rows:,} rows{stale}"
        )


@publish_app.command("rollback")
def publish_rollback(
    version: Annotated[str | None, typer.Argument(help="Name or run; else the version before.")] = None,
) -> None:
    """Make an earlier version the one that readers get."""
    from orchestration.engines.choose import engine

    with plain_errors():
        typer.echo(f"Readers now get {engine(settings.home()).rollback(version).name}.")
