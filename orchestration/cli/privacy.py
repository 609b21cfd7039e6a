"""The commands `telco360 privacy …`."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from orchestration.base import settings
from orchestration.base.contract import load_contract
from orchestration.cli.common import plain_errors
from orchestration.privacy.scan import scan
from orchestration.warehouse.dbt import target_dir

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command("scan")
def privacy_scan(
    all_versions: Annotated[bool, typer.Option("--all-versions", help="Each version that stands, not only the current one.")] = False,
) -> None:
    """Search published tables, exports, quarantine, ledger, logs and stores for phones, document numbers, names, birth dates.

    Ends with 1 where any is found. Phones in the column `phone` of exports are their purpose and no finding.
    """
    console = Console(stderr=True)
    with plain_errors(), console.status("starting …") as status:
        found = scan(
            settings.home(),
            load_contract(),
            lambda text: status.update(f"{text} …"),
            all_versions,
            beside=(target_dir(), settings.PROJECT_DIR / "logs"),
        )
    looked_at = ", ".join(f"{count:,} {kind}" for kind, count in found.looked_at.items())
    if not found.found:
        typer.echo(f"No phone, document number, name or birth date of the lake was found. Looked at: {looked_at}.")
        return
    table = Table("place", "kind", "values", "example", box=None)
    for one in found.found:
        table.add_row(one.place, one.kind, f"{one.count:,}", one.example)
    Console(width=None if Console().is_terminal else 240).print(table)
    typer.echo(
        f"{len(found.found):,} places hold personal values; looked at: {looked_at}.\n"
        "Of a published column: take it out of its model and run again. Of a log, page or store: delete the file, and find out "
        "who wrote it. docs/privacy.md says how names and dates are told from words.",
        err=True,
    )
    raise typer.Exit(1)
