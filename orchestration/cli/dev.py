"""The command `telco360 dev`."""

import os
import sys
from typing import Annotated

import typer

from orchestration.base import settings
from orchestration.cli.common import plain_errors
from orchestration.pipeline.nightly import dagster_home
from orchestration.warehouse.dbt import dbt_environment, ensure_manifest

app = typer.Typer(add_completion=False)


@app.command()
def dev(port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 3000) -> None:
    """Open Dagster's page on 127.0.0.1: runs, lineage, schedule, sensor. Its history is in the home's warehouse/dagster."""

    with plain_errors():
        given = settings.home()
        ensure_manifest(given)
        environment = os.environ | dbt_environment(given) | {"DAGSTER_HOME": str(dagster_home(given))}
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-m",
        "orchestration.pipeline.definitions",
    ]
    os.execve(sys.executable, command, environment)
