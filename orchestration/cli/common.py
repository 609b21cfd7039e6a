"""What the modules of commands share: options that every command has, dates, errors in plain words, the models."""

import contextlib
import os
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from orchestration.base import machine, settings
from orchestration.base.errors import Telco360Error

if TYPE_CHECKING:
    from orchestration.warehouse.manifest import Models

STOPPED = 130
"""Exit code of a command that was stopped by Ctrl-C."""


class WithCommonOptions(TyperGroup):
    """The root of all commands: what it takes as `--home` and `--target`, each group and command takes too."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        common = [option for option in self.params if option.name in ("home", "target")]
        for command in _below(self):
            command.params = [*command.params, *common]


def _below(group: object) -> Iterator[Any]:
    for command in getattr(group, "commands", {}).values():
        yield command
        yield from _below(command)


def _take_home(home: Path | None) -> None:
    # What is given here is what dbt, Dagster and every step will read.
    if home is not None:
        os.environ["TELCO360_HOME"] = str(settings.home(home).root)


def _take_target(target: str | None) -> None:
    if target is not None:
        os.environ["TELCO360_TARGET"] = target


def _tell_version(is_asked: bool) -> None:
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
    typer.Option("--version", callback=_tell_version, expose_value=False, is_eager=True, help="Show the version of telco360."),
]


def a_date(text: str) -> date:
    """A date of the command line. Raises BadParameter, saying how to write it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no date; write it as 2026-10-31") from None


def models() -> "Models":
    """The dbt models, from a manifest that matches the code."""
    from orchestration.warehouse.dbt import ensure_manifest
    from orchestration.warehouse.manifest import load_models, read_manifest

    return load_models(read_manifest(ensure_manifest(settings.home())))


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Errors that are written for people, and faults of the machine, end the command with words; all others keep their trace,
    being our fault."""
    try:
        settings.require_home(settings.home())
        settings.memory_limit()
        yield
    except KeyboardInterrupt as error:
        _end(str(error) or "Stopped.", error, STOPPED)
    except Telco360Error as error:
        _end(str(error), error)
    except Exception as error:
        words = machine.told(error, settings.home().root)
        if words is None:
            raise
        _end(words, error)


def _end(words: str, error: BaseException, code: int = 1) -> NoReturn:
    typer.secho(words, fg=typer.colors.RED, err=True)
    raise typer.Exit(code) from error
