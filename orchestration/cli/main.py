"""The command `telco360`: its options, and the root that finds its commands."""

import typer

from orchestration.base.modes import private_umask
from orchestration.cli.root import HomeOption, Root, TargetOption, VersionOption

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    cls=Root,
    help="From deliveries to a published warehouse and target lists.",
)


@app.callback()
def main(home: HomeOption = None, target: TargetOption = None, version: VersionOption = False) -> None:
    # The options are read by their callbacks.
    private_umask()
