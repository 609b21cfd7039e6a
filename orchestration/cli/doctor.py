"""The command `telco360 doctor`."""

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from orchestration.base import notify, settings
from orchestration.base.exit_codes import ExitCode
from orchestration.cli.common import plain_errors
from orchestration.operations import doctor as found
from orchestration.pipeline.run import today

app = typer.Typer(add_completion=False)
MARKS = {found.WELL: ("✓", "green"), found.WARNING: ("!", "yellow"), found.PROBLEM: ("✗", "red")}


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Write the findings as JSON.")] = False,
    sends: Annotated[bool, typer.Option("--notify", help="Send a notice for each finding that is not in order.")] = False,
) -> None:
    """Look whether all is in order: versions, disk, permissions, deliveries, runs, ledger; each fault with its remedy.

    Ends with 0 where nothing is wrong, warnings among it, and with 1 where something is.
    """
    console = Console(file=sys.stdout)
    with plain_errors():
        home = settings.home()
        findings = found.examine(home)
        if as_json:
            typer.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
        else:
            for finding in findings:
                console.print(Text.assemble(MARKS[finding.state], f" {finding.subject:<14} {finding.text}"), soft_wrap=True)
                if finding.remedy:
                    console.print(Text(f"{'':<17}{finding.remedy}", "dim"), soft_wrap=True)
        if sends:
            _, problems = notify.send(home, found.notices(findings, today()), notify.channels(), today())
            for problem in problems:
                typer.secho(problem, fg=typer.colors.YELLOW, err=True)
    raise typer.Exit(ExitCode.FAILED if any(finding.state == found.PROBLEM for finding in findings) else ExitCode.WELL)
