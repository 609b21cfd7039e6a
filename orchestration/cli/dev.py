"""The command `telco360 dev`."""

import os
import sys
from typing import Annotated

import typer

from orchestration.base import settings
from orchestration.cli.common import plain_errors
from orchestration.pipeline.nightly import dagster_home, end_runs_of_before
from orchestration.warehouse.dbt import dbt_environment, ensure_manifest

app = typer.Typer(add_completion=False)


PAGE = "orchestration.pipeline.definitions"


@app.command()
def dev(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 3000,
    launch: Annotated[
        bool, typer.Option("--launch", help="Let the page start runs and backfills; starts the schedule and the sensors too.")
    ] = False,
) -> None:
    """Open Dagster's page on 127.0.0.1: runs, lineage, schedule, sensor. Its history is in the home's warehouse/dagster.

    It shows, and starts nothing unless asked. The page knows no users: others than this machine's need a proxy that does.
    """

    with plain_errors():
        given = settings.home()
        ensure_manifest(given)
        if launch and (ended := end_runs_of_before(given)):
            typer.echo(f"runs that died with Dagster or the machine, and count as failed now: {', '.join(ended)}")
        environment = os.environ | dbt_environment(given) | {"DAGSTER_HOME": str(dagster_home(given))}
    program = ["-m", "dagster", "dev"] if launch else ["-m", "dagster_webserver", "--read-only"]
    os.execve(sys.executable, [sys.executable, *program, "-h", "127.0.0.1", "-p", str(port), "-m", PAGE], environment)
