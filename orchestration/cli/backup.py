"""The command `telco360 backup`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.base import audit, settings
from orchestration.cli.common import plain_errors
from orchestration.operations.backup import back_up

app = typer.Typer(add_completion=False)


@app.command()
def backup(folder: Annotated[Path, typer.Argument(help="Where to; a folder on another disk.")]) -> None:
    """Copy what cannot be made again into a folder, on another disk; the next time only what is new.

    It holds personal data as the home does: phones, names, document numbers. Keep it where as few may read it.
    """
    home = settings.home()
    with plain_errors(), Console(stderr=True).status("…") as status, audit.recorded(home, "backup", str(folder.resolve())):
        made = back_up(home, folder, lambda name: status.update(f"copying … {name}"))
    typer.echo(f"{folder}: {len(made.files):,} files, {made.size / 2**20:,.0f} MiB, as of {made.made_at}.")
    typer.echo(f"To make a home of it: telco360 restore {folder} --home EMPTY_DIR")
