"""The commands `telco360 dependencies …`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from orchestration.base.exit_codes import ExitCode
from orchestration.base.files import replace_text
from orchestration.cli.common import plain_errors
from orchestration.operations import dependencies

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command("licences")
def dependencies_licences() -> None:
    """Write docs/dependencies.md: the packages of requirements.lock by licence."""
    with plain_errors():
        found = dependencies.packages()
        replace_text(dependencies.PAGE, dependencies.page(found, dependencies.direct_names()))
    typer.echo(f"{dependencies.PAGE}: {len(found)} packages")


@app.command("sbom")
def dependencies_sbom(file: Annotated[Path, typer.Argument(help="Where to, JSON.")]) -> None:
    """Write a bill of materials (CycloneDX 1.5): the packages of requirements.lock, their licences, what needs what."""
    with plain_errors():
        found = dependencies.packages()
        replace_text(file, json.dumps(dependencies.sbom(found), indent=1) + "\n")
    typer.echo(f"{file}: {len(found)} packages")


@app.command("check")
def dependencies_check() -> None:
    """Ask a database whether a version of requirements.lock is known to be unsafe. Ends with 1 where one is, or none answers."""
    with plain_errors():
        found = dependencies.packages()
        unsafe = dependencies.known_vulnerabilities(found)
    for name, ids in unsafe.items():
        typer.secho(f"{name}: {', '.join(ids)}", fg=typer.colors.RED)
    if unsafe:
        typer.echo("Raise these in pyproject.toml and lock anew: CONTRIBUTING.md", err=True)
        raise typer.Exit(ExitCode.FAILED)
    typer.echo(f"None of {len(found)} packages is known to be unsafe.")
