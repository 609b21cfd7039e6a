"""The commands `telco360 audit …`."""

import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from orchestration.base import audit, journal, settings
from orchestration.base.exit_codes import ExitCode
from orchestration.cli.common import a_date, plain_errors
from orchestration.targeting import ledger

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command("list")
def audit_list(
    since: Annotated[
        datetime.date | None,
        typer.Option("--since", parser=a_date, metavar="YYYY-MM-DD", help="First day, in UTC; else all."),
    ] = None,
) -> None:
    """List who handed out, took back, changed or removed what, and how it ended, the oldest first. Times are in UTC."""
    with plain_errors():
        rows = [row for row in audit.trail(settings.home()).entries() if since is None or row["at"] >= str(since)]
    if not rows:
        typer.echo("Nothing is in the audit trail" + (f" since {since}." if since else " yet."))
        return
    table = Table("when (UTC)", "who", "role", "what", "of what", "rows", "result", box=None)
    for row in rows:
        count = "" if row["rows"] is None else f"{row['rows']:,}"
        table.add_row(row["at"][:19].replace("T", " "), row["user"], row["role"], row["action"], row["of"], count, row["result"])
    Console(width=None if Console().is_terminal else 240, markup=False, highlight=False).print(table)


@app.command("verify")
def audit_verify() -> None:
    """Check that the audit trail, the journal of persons and the ledger of lists are as they were written. Ends with 1 if not."""
    home = settings.home()
    faults = [wrong for wrong in (audit.trail(home).verify(), journal.verify(home), ledger.verify(home)) if wrong]
    for wrong in faults:
        typer.secho(wrong, fg=typer.colors.RED, err=True)
    if faults:
        typer.echo("Bring lake/ledger back from a backup, and find out who changed it: docs/roles.md", err=True)
        raise typer.Exit(ExitCode.FAILED)
    counts = [sum(1 for _ in audit.trail(home).entries()), sum(1 for _ in journal.entries(home)), ledger.runs(home).num_rows]
    typer.echo(
        "{:,} rows of the audit trail, {:,} of the journal of persons, {:,} runs of lists: all as written.".format(*counts)
    )
