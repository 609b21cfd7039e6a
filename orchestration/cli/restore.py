"""The command `telco360 restore`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestration.base import audit, settings
from orchestration.cli.common import plain_errors
from orchestration.operations import backup

app = typer.Typer(add_completion=False)


@app.command()
def restore(folder: Annotated[Path, typer.Argument(help="A folder that `telco360 backup` made.")]) -> None:
    """Make an empty home from a backup.

    Each file is checked by its SHA-256; readers have the published version at once.
    """
    home = settings.home()
    with plain_errors(), Console(stderr=True).status("copying …") as status:
        made = backup.restore(folder, home, lambda name: status.update(f"copying … {name}"))
        audit.record(home, "restore", f"{folder.resolve()}, as of {made.made_at}", len(made.files))
    typer.echo(f"{home.root}: {len(made.files):,} files as of {made.made_at}, each as it was kept.")
    typer.echo("Deliveries since then must be delivered again; `telco360 nightly` builds what a backup does not hold.")
