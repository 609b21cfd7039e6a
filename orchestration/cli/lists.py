"""The commands `telco360 lists …`. Reads arguments, asks the package, prints."""

import datetime
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer

from orchestration.base import audit, settings
from orchestration.base.errors import ListError
from orchestration.catalog.published import read_tags
from orchestration.catalog.tags import Catalog
from orchestration.cli.common import models, plain_errors, say, table
from orchestration.cli.list_overview import lists_list, lists_show
from orchestration.engines.choose import engine
from orchestration.engines.protocol import Engine
from orchestration.targeting import history, ledger, preview
from orchestration.targeting.definition import TargetList, schema_text
from orchestration.targeting.definition_file import load_definition
from orchestration.targeting.draft import Question, questions, write_draft
from orchestration.targeting.export import DecidedRun
from orchestration.targeting.exposures import PAGE, exposures
from orchestration.targeting.folder import list_files, list_folders, load_definitions, read_definitions
from orchestration.targeting.imports import import_list
from orchestration.targeting.lists import channel_feeds, days_of, judged_lists, open_lists, previewed
from orchestration.targeting.plan import not_due
from orchestration.targeting.rebuild import rebuild, recorded_run
from orchestration.targeting.signing import sign
from orchestration.targeting.why import why
from orchestration.warehouse.build import run_lock
from orchestration.warehouse.manifest import require_serving

app = typer.Typer(no_args_is_help=True, add_completion=False)
_VERDICTS = {
    "approved": "approved, good to run",
    "draft": "a draft, good to run once it is approved",
    "retired": "retired, not exported any more",
}
ListName = Annotated[str, typer.Argument(help="Name of a list, as its file in target_lists/.")]


app.command("list")(lists_list)
app.command("show")(lists_show)


@app.command("new")
def lists_new() -> None:
    """Ask for what a list must have, check each answer, and write it as a draft."""
    with plain_errors():
        with _engine().reading() as reader:
            catalog, known = Catalog.of(read_tags(reader, models())), list_files(*_folders())
        answers = {question.key: _ask(question) for question in questions(catalog, known)}
        path = write_draft(settings.home(), answers, catalog)
    typer.echo(f"{path} is written, a draft. Next: telco360 lists preview {answers['name']}")


@app.command("check")
def lists_check(name: Annotated[str | None, typer.Argument(help="Name of a list; else all.")] = None) -> None:
    """Check the definitions of lists: keys, destinations, caps and offers, and whether anybody can meet their conditions."""
    with plain_errors():
        if name:
            chosen, faults = [_definition(name)], []
        else:
            found = read_definitions(*_folders())
            chosen, faults = list(found.sound.values()), list(found.problems)
        for fault in faults:
            typer.secho(fault, fg=typer.colors.RED, err=True)
        for definition, wrong, doubts in judged_lists(_engine(), models(), chosen, _today()):
            for fault in wrong:
                typer.secho(f"list {definition.name}: {fault}", fg=typer.colors.RED, err=True)
            _warn(definition.name, doubts)
            faults += wrong
            if not wrong:
                typer.echo(f"{definition.name}: {_VERDICTS[definition.status]}{_counted(doubts)}")
    raise typer.Exit(1 if faults else 0)


@app.command("preview")
def lists_preview(name: ListName, rows: Annotated[int, typer.Option(min=0, help="Rows to show.")] = 20) -> None:
    """Show what a list would come to now: counts by step, masked rows, tiers and regions, other lists. Writes nothing."""
    with plain_errors():
        definition = _definition(name)
        is_active = definition.status == "approved"
        waits = not_due(definition, days_of(_engine(), models(), _today())) if is_active else None
        with _previewed(name) as decided:
            found = preview.preview(decided, name, rows)
        with _previewed(name, all_active=True) as decided:
            shared = preview.overlaps(decided, name)
    say([f"{name}: {found.waterfall['exported']:,} rows, as it would be exported today"])
    table(("step", "subscribers"), [(step, f"{count:,}") for step, count in found.waterfall.items()])
    table(found.columns, found.rows)
    say(f"says: {words}" for words in found.says)
    for column, counts in found.groups.items():
        table((column, "rows"), [(value, f"{count:,}") for value, count in counts])
    say([*found.expects, *filter(None, [found.shows])])
    table(("lost to", "subscribers"), [(other, f"{count:,}") for other, count in found.lost_to])
    table(("active list", "matches too"), [(other, f"{count:,}") for other, count in shared])
    _warn(name, (*([f"not due today: {waits}"] if waits else []), *found.warnings, *filter(None, [found.jump])))


@app.command("approve")
def lists_approve(
    name: ListName,
    by: Annotated[str, typer.Option("--as", help="Who approves: another than the list's owner.")],
    step: Annotated[str | None, typer.Option(help="Step of seed approval_steps; else the one that is next.")] = None,
) -> None:
    """Show what a list would cost and bring, and write the approval of a step into its file."""
    with plain_errors():
        path = _file(name)
        signed = sign(_engine(), models(), path, by, step, _today())
    found = signed.found
    say([f"{name}: {found.waterfall['exported']:,} rows, as it would be exported today", *found.expects])
    say(filter(None, [found.shows]))
    _warn(name, (*found.warnings, *filter(None, [found.jump])))
    say([f"{signed.step} is approved by {by}; {path} says so"])
    for one in signed.left[:1]:
        say([f"Next: telco360 lists approve {name} --as WHO --step {one.name} ({one.description})"])
    if not signed.left:
        shows = " Next: telco360 lists exposures" * (path.parent == settings.TARGET_LISTS)
        say([f"{name} is approved in every step, good to run.{shows}"])


def lists_export(
    name: ListName,
    accept_old_data: Annotated[bool, typer.Option("--accept-old-data", help="Export however old the data is.")] = False,
) -> None:
    """Export one approved list from the published version, as the nightly job does."""
    with plain_errors(), run_lock(settings.home()):
        _definition(name)
        with open_lists(_engine(), models(), [name], _today(), accept_old_data) as decided:
            made = decided.export(name)
    _warn(name, made.warnings)
    steps = ", ".join(f"{count:,} {step.replace('_', ' ')}" for step, count in made.waterfall.items())
    typer.echo(f"{made.name}: {steps}\n{made.file}")
    if made.is_standing:
        again = f"If the file is lost: telco360 lists rebuild {name} {made.run_date}"
        typer.echo(f"Nothing new is exported: run {made.run_id} of today has exported the same rows. {again}")


app.command("export")(lists_export)
app.command("run", hidden=True)(lists_export)


@app.command("diff")
def lists_diff(
    name: ListName, members: Annotated[bool, typer.Option("--members", help="Name each who came or went.")] = False
) -> None:
    """Tell who entered and who left the list from the run before to the last, and why."""

    with plain_errors():
        found = history.diff(settings.home(), name)
    older, newer = found.older, found.newer
    say([f"{name}: {older['run_date']} (run {older['run_id']}) to {newer['run_date']} (run {newer['run_id']})"])
    if older["definition_hash"] != newer["definition_hash"]:
        say(["its definition changed in between"])
    counts = [("stayed", "", f"{found.stayed:,}")]
    for word, who in (("entered", found.entered), ("left", found.left)):
        counts += [(word, reason, f"{count:,}") for reason, count in Counter(reason for _, reason in who).most_common()]
    table(("", "in the other run", "subscribers"), counts)
    if members:
        say(f"{word} {id}: {reason}" for word, who in (("entered", found.entered), ("left", found.left)) for id, reason in who)


@app.command("overlap")
def lists_overlap() -> None:
    """Show how many subscribers each two lists match, by their last runs; one of them got each, or none."""
    with plain_errors():
        runs, matrix = history.overlap(settings.home())
    heads = ("", "list", "run date", *(str(number) for number in range(1, len(runs) + 1)))
    rows = zip(range(1, len(runs) + 1), runs, matrix, strict=True)
    table(
        heads,
        [(f"{n}", f"{run['list_name']}", f"{run['run_date']}", *(f"{count:,}" for count in counts)) for n, run, counts in rows],
    )


@app.command("why")
def lists_why(subscriber: Annotated[str, typer.Argument(help="A subscriber_id.")], name: ListName) -> None:
    """Tell whether a subscriber is in a list now, at which step not, and which parts of the condition fail."""
    with plain_errors():
        _definition(name)
        with _previewed(name) as decided:
            lines = why(decided, name, subscriber)
        before = history.recorded(settings.home(), name, subscriber)
    say([*lines, *([f"  as last exported: {before}"] if before else [])])


@app.command("members")
def lists_members(
    name: ListName,
    run_date: Annotated[
        datetime.datetime | None, typer.Argument(formats=["%Y-%m-%d"], help="Day of the run; else the last.")
    ] = None,
) -> None:
    """Write whom an exported list took, as CSV without phones, to the output: > members.csv keeps it in a file of yours."""
    with plain_errors():
        sys.stdout.write(history.members_csv(settings.home(), name, run_date.date() if run_date else None))


@app.command("rebuild")
def lists_rebuild(
    name: ListName,
    run_date: Annotated[datetime.datetime, typer.Argument(formats=["%Y-%m-%d"], help="Day of the run.")],
) -> None:
    """Make a file of the ledger again, byte for byte, from the version and the members it was made of."""
    with plain_errors():
        known, ours, given = models(), _engine(), settings.home()
        run = recorded_run(given, name, run_date.date())
        version = next((version for version in ours.versions() if version.name == run["publication"]), None)
        if version is None:
            raise ListError(
                f"list {name}: the version {run['publication']} is gone, and with it what the file of {run['run_date']} told; "
                "`telco360 publish list` names those that stand"
            )
        of = f"list {name}, run {run['run_id']}"
        with ours.list_tables(known, version) as tables, audit.recorded(given, "list_rebuild", of) as act:
            written = rebuild(tables, given, run)
            act.rows = written.rows
    typer.echo(f"{name}: {written.rows:,} rows, the same bytes as exported (SHA-256 {written.sha256})\n{written.files[0]}")


@app.command("import")
def lists_import(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet: subscriber_id, and arm (treated or control).")],
    name: Annotated[str, typer.Option(help="Name of the list, as contacts give it in list_name.")],
    on: Annotated[datetime.datetime, typer.Option(formats=["%Y-%m-%d"], help="Day of the run, as list_run_date.")],
    channel: Annotated[str, typer.Option(help="Channel that works the list.")],
    offer: Annotated[str | None, typer.Option(help="Offer that it puts to them.")] = None,
) -> None:
    """Take a list made elsewhere into the ledger, so that its effect is counted from the next build on."""
    with plain_errors(), audit.recorded(settings.home(), "list_import", f"list {name}, {on.date()}") as act:
        run = import_list(settings.home(), file, name, on.date(), channel, offer)
        act.rows = run["exported"] + run["control"]
    typer.echo(f"{name}: {run['exported']:,} treated and {run['control']:,} control recorded as run {run['run_id']}")


@app.command("feeds")
def lists_feeds() -> None:
    """Write the channels' feeds anew, as the nightly job does: after a list was exported by hand."""
    with plain_errors(), run_lock(settings.home()):
        written = channel_feeds(_engine(), models(), _today())
    for channel, made in written.items():
        typer.echo(f"{channel}: {made.rows:,} lines\n{made.files[0]}")


@app.command("verify")
def lists_verify() -> None:
    """Check that the ledger of lists is what was written: every run, its members, their order."""
    given = settings.home()
    fault = ledger.verify(given)
    said = fault or f"{ledger.runs(given).num_rows:,} runs, all as they were written"
    typer.secho(said, fg=typer.colors.RED if fault else None)
    raise typer.Exit(1 if fault else 0)


@app.command("schema")
def lists_schema() -> None:
    """Print the JSON schema of list files, as editors use it; target_lists/target_list.schema.json holds it."""
    typer.echo(schema_text(), nl=False)


@app.command("exposures")
def lists_exposures() -> None:
    """Write the lists as dbt's exposures, which its lineage shows."""
    with plain_errors():
        known = models()
        text = exposures(load_definitions(settings.TARGET_LISTS), lambda role: require_serving(known, role).name)
        PAGE.write_text(text, encoding="utf-8")
    typer.echo(f"{PAGE} is written")


def _ask(question: Question) -> str:
    while True:
        answer = str(typer.prompt(question.words)).strip()
        try:
            question.check(answer)
            return answer
        except ValueError as error:
            typer.secho(str(error), fg=typer.colors.RED, err=True)


def _previewed(name: str, all_active: bool = False) -> AbstractContextManager[DecidedRun]:
    return previewed(_engine(), models(), name, _today(), all_active)


def _today() -> datetime.date:
    return datetime.datetime.now(settings.timezone()).date()


def _engine() -> Engine:
    return engine(settings.home())


def _folders() -> tuple[Path, Path]:
    return list_folders(settings.home())


def _file(name: str) -> Path:
    """Where the list lies. Raises SettingsError, naming those there are, for a name that no list has."""
    there = list_files(*_folders())
    if name not in there:
        raise settings.SettingsError(f"there is no list {name}; the lists are: {', '.join(there) or 'none'}")
    return there[name]


def _definition(name: str) -> TargetList:
    return load_definition(_file(name))


def _counted(doubts: Sequence[str]) -> str:
    return f", {len(doubts)} warning{'s' * (len(doubts) > 1)}" if doubts else ""


def _warn(name: str, warnings: Sequence[str]) -> None:
    for warning in warnings:
        typer.secho(f"list {name}: {warning}", fg=typer.colors.YELLOW, err=True)
