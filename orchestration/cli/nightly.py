"""The command `telco360 nightly`."""

import sys
from datetime import date
from typing import Annotated

import typer
from rich.console import Console

from orchestration.base import settings
from orchestration.base.exit_codes import ExitCode
from orchestration.cli.common import a_date, plain_errors
from orchestration.cli.summary import TerminalProgress, summary
from orchestration.pipeline.nightly import run_nightly
from orchestration.pipeline.outcome import Outcome

app = typer.Typer(add_completion=False)
AsOfOption = Annotated[
    date | None, typer.Option("--as-of", parser=a_date, metavar="YYYY-MM-DD", help="Business date; else the latest delivered.")
]


@app.command()
def nightly(
    as_of: AsOfOption = None,
    publish: Annotated[bool, typer.Option("--publish", help="Publish, also for an earlier day than the published one.")] = False,
    export_lists: Annotated[
        bool, typer.Option("--export-lists", help="Export lists, also for a day before the published one or long past.")
    ] = False,
    full_tests: Annotated[
        bool, typer.Option("--full-tests", help="Test all of history, also months that did not change; else once a week.")
    ] = False,
) -> None:
    """Take in what was delivered, build, test, publish, export the target lists.

    A run for an earlier day than the published one is built beside it: it publishes and exports nothing unless asked.
    """
    console = Console(file=sys.stdout)
    with plain_errors():
        outcome = run_nightly(
            settings.home(),
            as_of,
            TerminalProgress(console),
            publishes_earlier=publish,
            exports_earlier=export_lists,
            full_tests=full_tests,
        )
    console.print()
    for line in summary(outcome):
        console.print(line, soft_wrap=True)
    raise typer.Exit(exit_code(outcome))


def exit_code(outcome: Outcome) -> ExitCode:
    """What the command's exit code says of a run. Pure."""
    if outcome.is_well:
        return ExitCode.WELL
    return ExitCode.INCOMPLETE if outcome.version and outcome.run.publishes else ExitCode.FAILED
