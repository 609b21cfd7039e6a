"""What the modules of commands share: dates, errors in plain words, the models."""

import contextlib
from collections.abc import Iterator
from datetime import date
from typing import NoReturn

import typer

from orchestration.base import machine, settings
from orchestration.base.errors import HomeBusy, Telco360Error
from orchestration.base.exit_codes import ExitCode
from orchestration.base.roles import NotPermitted
from orchestration.warehouse.dbt import ensure_manifest
from orchestration.warehouse.manifest import Models, load_models, read_manifest


def a_date(text: str) -> date:
    """A date of the command line. Raises BadParameter, saying how to write it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no date; write it as 2026-10-31") from None


def models() -> Models:
    """The dbt models, from a manifest that matches the code."""
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
        _end(str(error) or "Stopped.", error, ExitCode.STOPPED)
    except Telco360Error as error:
        _end(str(error), error, _code(error))
    except Exception as error:
        words = machine.describe(error, settings.home().root)
        if words is None:
            raise
        _end(words, error)


def _code(error: Telco360Error) -> ExitCode:
    if isinstance(error, HomeBusy):
        return ExitCode.BUSY
    if isinstance(error, NotPermitted):
        return ExitCode.NOT_PERMITTED
    return ExitCode.SETTING if isinstance(error, settings.SettingsError) else ExitCode.FAILED


def _end(words: str, error: BaseException, code: ExitCode = ExitCode.FAILED) -> NoReturn:
    typer.secho(words, fg=typer.colors.RED, err=True)
    raise typer.Exit(code) from error
