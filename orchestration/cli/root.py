"""The root of all commands: it imports the module of a command when that is called, so help comes at once.

Nothing heavy is imported here. What the commands share is in `common`.
"""

import os
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperCommand, TyperGroup

from orchestration.base import settings
from orchestration.base.exit_codes import ExitCode
from orchestration.base.roles import asked_by
from orchestration.cli.permissions import guarded

COMMANDS = {
    "nightly": "Take in what was delivered, build, test, publish, export the target lists.",
    "sample": "Make a synthetic operator: deliveries of every raw table, a first load and seven days, in the home's landing.",
    "tour": "Show what the last run has made: tables, tags, lists, where to look.",
    "status": "Show what stands: the published version and its age, the last run, what waits, when the next run is due.",
    "doctor": "Look whether all is in order: versions, disk, permissions, deliveries, runs, ledger; each fault with its remedy.",
    "backup": "Copy what cannot be made again into a folder, on another disk; the next time only what is new.",
    "restore": "Make an empty home from a backup.",
    "console": "Open the console on 127.0.0.1: figures, tags, audiences and lists as pages, in English and Chinese.",
    "dev": "Open Dagster's page on 127.0.0.1: runs, lineage, schedule, sensor. Its history is in the home's warehouse/dagster.",
    "intake": "Take in deliveries, try one before, see what became of one.",
    "publish": "List the published versions, go back to one.",
    "tags": "Ask the tag library: what there is, why a subscriber carries a tag, what changed.",
    "export-table": "Write a public table, or some of its rows and columns, as a file for Excel, R or another database.",
    "customer": "Show what every channel sees of a line: what to say, its offers, its last contact, whether to disturb it.",
    "scoring": "Models of scores: list, show, pin one, go back to the one before.",
    "privacy": "Search for personal values, erase or restrict a person, give a person's data, hold and keep data.",
    "audit": "Show who handed out, took back, changed or removed what; check that nothing of it was altered.",
    "dependencies": "Packages that telco360 stands on: licences, a bill of materials, known vulnerabilities.",
    "lists": "Start, check, preview and export target lists; ask what became of them.",
}
"""What help says of each command or group of commands; each is the `app` of the module of its name beside this one."""


class Root(TyperGroup):
    """The commands of COMMANDS. What the root takes as `--home` and `--target`, each command takes too."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.commands = {name: TyperCommand(name, help=text) for name, text in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return name, self.load(name) if name else command, rest

    def load(self, name: str) -> Any:
        """The command itself, its module imported."""
        with Console(stderr=True).status("starting …"):  # Dagster takes some seconds to import
            module = import_module(f"orchestration.cli.{name.replace('-', '_')}")
        command: Any = typer.main.get_command(module.app)
        command.help = command.help or COMMANDS[name]
        common = [option for option in self.params if option.name in ("home", "target")]
        for path, each in below(name, command):
            each.params = [*each.params, *common]
            if not hasattr(each, "commands"):
                each.callback = guarded(path, each.callback)
        return command


def below(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """The command and all in it, each with what is typed for it."""
    yield path, command
    for name, each in getattr(command, "commands", {}).items():
        yield from below(f"{path} {name}", each)


def _take_home(home: Path | None) -> None:
    # What is given here is what dbt, Dagster and every step will read.
    if home is not None:
        if asked_by():
            typer.secho(
                "--home: not permitted by sudo; the home is the one that TELCO360_HOME of its env_file names", fg="red", err=True
            )
            raise typer.Exit(ExitCode.NOT_PERMITTED)
        os.environ["TELCO360_HOME"] = str(settings.home(home).root)


def _take_target(target: str | None) -> None:
    if target is not None:
        os.environ["TELCO360_TARGET"] = target


def _show_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"telco360 {version('telco360')}")
        raise typer.Exit


# Read by their callbacks, not by the command's function: so they can be added to any command.
HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        callback=_take_home,
        expose_value=False,
        is_eager=True,
        metavar="DIR",
        help="Directory of all data; else $TELCO360_HOME, else data/.",
    ),
]
TargetOption = Annotated[
    str | None,
    typer.Option(
        "--target",
        callback=_take_target,
        expose_value=False,
        is_eager=True,
        metavar="NAME",
        help="Target of profiles.yml: spark; else $TELCO360_ENV's.",
    ),
]
VersionOption = Annotated[
    bool,
    typer.Option("--version", callback=_show_version, expose_value=False, is_eager=True, help="Show the version of telco360."),
]
