"""The commands `telco360 privacy …`."""

import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from orchestration.base import audit, journal, keys, settings
from orchestration.base.contract import load_contract
from orchestration.cli.common import models, plain_errors
from orchestration.privacy import holds, restrict
from orchestration.privacy.access import write_access_file
from orchestration.privacy.erase import erase
from orchestration.privacy.retention import KINDS
from orchestration.privacy.scan import scan
from orchestration.privacy.subject import PersonError, find
from orchestration.warehouse.build import run_lock
from orchestration.warehouse.dbt import target_dir

app = typer.Typer(no_args_is_help=True, add_completion=False)
WhoArgument = Annotated[str, typer.Argument(metavar="SUBSCRIBER|CUSTOMER|PHONE", help="The person, by an id or the phone.")]
RequestOption = Annotated[str, typer.Option("--request", help="Id of the request, by which its file is found.")]


def _require_duckdb(what: str) -> None:
    if settings.target() == settings.SPARK:
        raise settings.SettingsError(
            f"{what} versions and the build as files of DuckDB; what a Spark cluster holds, it does not reach"
        )


@app.command("scan")
def privacy_scan(
    all_versions: Annotated[
        bool, typer.Option("--all-versions", help="Each version that stands, not only the current one.")
    ] = False,
) -> None:
    """Search published tables, exports, quarantine, ledger, logs and stores for phones, document numbers, names, birth dates.

    Ends with 1 where any is found. Phones in the column `phone` of exports are their purpose and no finding.
    """
    console = Console(stderr=True)
    with plain_errors(), console.status("starting …") as status:
        _require_duckdb("privacy scan searches")
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


@app.command("key")
def privacy_key(
    file: Annotated[Path, typer.Argument(help="Outside the home and the project; made if it is not there.")],
) -> None:
    """Add a key for digests of persons; the last one is used, those before stay to recognise what was made with them."""
    with plain_errors():
        key_id = keys.add_key(file, settings.home())
    typer.echo(
        f"{file} has key {key_id}, used from now on. Keep a backup of it, apart from that of the home: without it, intake stops "
        f"once somebody is erased. Set {keys.SETTING}={file.resolve()} for all that runs telco360."
    )


@app.command("erase")
def privacy_erase(who: WhoArgument, request: RequestOption) -> None:
    """Erase a person: lake, quarantine, build, published versions, exports, ledgers, scores, logs and stores.

    Tells what was changed and what stays, and why. The next run builds anew; intake forgets the person from then on.
    """
    with plain_errors(), Console(stderr=True).status("starting …") as status:
        _require_duckdb("privacy erase changes")
        home = settings.home()
        with audit.recorded(home, "erase", f"request {request}"):
            report = erase(
                home, load_contract(), models(), keys.load_keys(home), who, request, lambda text: status.update(f"{text} …")
            )
    typer.echo(f"Request {request} is done, entry {report.entry['hash'][:12]} of the journal:")
    for place, text in report.changed.items():
        typer.echo(f"  {place}: {text}")
    typer.echo("What stays:")
    for text in report.stays:
        typer.echo(f"  {text}")
    typer.echo("Run `telco360 nightly` now, so that lists and commands have a build again.")


@app.command("hold")
def privacy_hold(
    what: Annotated[str, typer.Argument(help="A subscriber_id, customer_id or phone; or a kind of data of seeds/retention.csv.")],
    request: RequestOption,
    lift: Annotated[bool, typer.Option("--lift", help="End the hold.")] = False,
) -> None:
    """Hold data that a court or an authority asks for: it is neither erased nor goes by retention until the hold is lifted."""
    with plain_errors():
        home, action = settings.home(), holds.LIFT if lift else holds.HOLD
        with audit.recorded(home, "lift_hold" if lift else "hold", f"request {request}"):
            if what in KINDS:
                holds.hold_kind(home, what, request, action)
            else:
                holds.hold_person(home, keys.load_keys(home), find(home.raw, load_contract(), what), request, action)
    typer.echo(f"{what} is {'no longer held' if lift else 'held'}, request {request}.")


@app.command("restrict")
def privacy_restrict(
    who: WhoArgument, request: RequestOption, lift: Annotated[bool, typer.Option("--lift", help="End the restriction.")] = False
) -> None:
    """Restrict a person: the data stays, and is used for no list, no score and no task until the restriction is lifted."""
    with plain_errors():
        home, known = settings.home(), keys.load_keys(settings.home())
        with audit.recorded(home, "lift_restriction" if lift else "restrict", f"request {request}"), run_lock(home):
            subject = find(home.raw, load_contract(), who)
            if lift:
                restrict.lift(home, known, subject, request)
            else:
                restrict.restrict(home, known, subject, request, datetime.datetime.now(settings.timezone()).date())
    state = "no longer restricted" if lift else "restricted"
    typer.echo(
        f"{', '.join(subject.lines)}: {state}, request {request}. Lists go by it from now on; tables, scores and tasks from the "
        "next `telco360 nightly`. Files that were exported before are with their channels: tell them."
    )


@app.command("export")
def privacy_export(
    who: WhoArgument, request: RequestOption, to: Annotated[Path, typer.Option("--to", help="A new file, JSON.")]
) -> None:
    """Write all data of a person to a file, for a request of access. It holds phones and names: hand it to that person alone."""
    with plain_errors():
        home, known = settings.home(), keys.load_keys(settings.home())
        with audit.recorded(home, "access_request", f"request {request}") as act:
            subject = find(home.raw, load_contract(), who)
            try:
                act.rows = rows = write_access_file(home, load_contract(), subject, request, to)
            except FileExistsError as error:
                raise PersonError(f"{to} is there already: name a new file, so that no data of another person is lost") from error
            journal.record(home, "export", request, digests=subject.digests(known), key=known.current, rows=rows)
    typer.echo(f"{to}: {rows:,} rows about {subject}, request {request}. Delete it when it was handed over.")
