"""What the modules of commands share: dates, errors in plain words, the models, lines and tables printed."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NoReturn

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from orchestration.base import machine, settings
from orchestration.base.errors import HomeBusy, Telco360Error
from orchestration.base.exit_codes import ExitCode
from orchestration.base.roles import NotPermitted
from orchestration.warehouse.dbt import ensure_manifest
from orchestration.warehouse.manifest import Models, load_models, read_manifest

_WIDEST = 1000  # columns of a table printed: nothing is cut


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


def say(lines: Iterable[str]) -> None:
    """Prints lines."""
    for line in lines:
        typer.echo(line)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a table, counts to the right; nothing where it has no rows. The terminal wraps what is wider than itself."""
    if not rows:
        return
    shown = Table(box=box.SIMPLE_HEAD)
    for head, cells in zip(heads, zip(*rows, strict=True), strict=True):
        shown.add_column(head, no_wrap=True, justify="right" if _are_counts(cells) else "left")
    for row in rows:
        shown.add_row(*row)
    Console(markup=False, highlight=False, width=_WIDEST).print(shown)


def _are_counts(cells: Sequence[str]) -> bool:
    return any(cells) and all(cell.replace(",", "").isdigit() for cell in cells if cell)


def _code(error: Telco360Error) -> ExitCode:
    if isinstance(error, HomeBusy):
        return ExitCode.BUSY
    if isinstance(error, NotPermitted):
        return ExitCode.NOT_PERMITTED
    return ExitCode.SETTING if isinstance(error, settings.SettingsError) else ExitCode.FAILED


def _end(words: str, error: BaseException, code: ExitCode = ExitCode.FAILED) -> NoReturn:
    typer.secho(words, fg=typer.colors.RED, err=True)
    raise typer.Exit(code) from error
