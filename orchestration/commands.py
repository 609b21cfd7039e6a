"""What the modules of commands share: errors in plain words, the models and the home that a command works on."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import typer

from orchestration import machine, settings


def take_options(home: Path | None, target: str | None = None) -> None:
    """One way to say where home is and what builds: what is given here is what dbt, Dagster and every step will read."""
    if home is not None:
        os.environ["TELCO360_HOME"] = str(settings.home(home).root)
    if target is not None:
        os.environ["TELCO360_TARGET"] = target


def models():
    """The dbt models, from a manifest that matches the code."""
    from orchestration.warehouse.dbt import ensure_manifest
    from orchestration.warehouse.manifest import load_models, read_manifest

    return load_models(read_manifest(ensure_manifest(settings.home())))


@contextlib.contextmanager
def plain_errors(*more: type[Exception]) -> Iterator[None]:
    """Errors that are written for people, and faults of the machine, end the command with words; all others keep their trace,
    being our fault."""
    from orchestration.contract import ContractError
    from orchestration.intake import SeedError
    from orchestration.targeting.catalog import CatalogError
    from orchestration.targeting.definition import DefinitionError
    from orchestration.targeting.tables import ListError
    from orchestration.warehouse import WarehouseError

    expected = (WarehouseError, settings.SettingsError, ContractError, SeedError, CatalogError, DefinitionError, ListError, *more)
    try:
        yield
    except expected as error:
        _end(str(error), error)
    except Exception as error:
        words = machine.told(error, settings.home().root)
        if words is None:
            raise
        _end(words, error)


def _end(words: str, error: Exception) -> NoReturn:
    typer.secho(words, fg=typer.colors.RED, err=True)
    raise typer.Exit(1) from error
