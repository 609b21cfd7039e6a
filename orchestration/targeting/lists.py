"""Target lists of a home: its definitions, decided on the engine of the running target, from the version that readers get.

What a run of lists is stands in `orchestration.targeting`; here it is told which tables, which version and which day.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from orchestration.base.billed import billed_months, months_sql
from orchestration.base.errors import ListError
from orchestration.base.settings import Home
from orchestration.engines.protocol import Engine, require_current
from orchestration.targeting import advice, ledger, run
from orchestration.targeting.calendar import read_calendar
from orchestration.targeting.channel_view import line_view
from orchestration.targeting.definition import DefinitionError, TargetList, check
from orchestration.targeting.export import DecidedRun
from orchestration.targeting.feeds import write_feeds
from orchestration.targeting.files import Written
from orchestration.targeting.folder import list_folders, load_definitions, read_definitions
from orchestration.targeting.plan import Days, due
from orchestration.warehouse.manifest import Models


def definitions(home: Home) -> dict[str, TargetList]:
    """All lists of the home and of the project by name. Raises DefinitionError, naming every file at fault."""
    return {definition.name: definition for definition in load_definitions(*list_folders(home))}


def due_lists(engine: Engine, models: Models, known: Iterable[TargetList], today: date) -> tuple[str, ...]:
    """Names of the approved lists that are due today, by their schedules, the months that are billed and the days on which none
    goes out."""
    return due(known, days_of(engine, models, today))


def days_of(engine: Engine, models: Models, today: date) -> Days:
    """What schedules are held against today, by the version that readers get and the ledger."""
    last_runs: dict[str, tuple[date, date]] = {}
    for run_of in ledger.current_runs(engine.home):
        found = (run_of["run_date"], run_of["as_of_date"])
        last_runs[run_of["list_name"]] = max(found, last_runs.get(run_of["list_name"], found))
    version = require_current(engine)
    with engine.list_tables(models, version) as tables:
        closed_on = billed_months(tables.rows(months_sql(tables.relations.months))).closed_on
    return Days(today, date.fromisoformat(version.contents.as_of), closed_on, last_runs, read_calendar())


@contextlib.contextmanager
def open_lists(
    engine: Engine, models: Models, names: Sequence[str], run_date: date, accept_old_data: bool = False
) -> Iterator[DecidedRun]:
    """The named lists, decided together and ready to be exported, for as long as the context is open. A list whose definition is
    at fault, or whose file is gone, fails alone. Data of any age will do where `accept_old_data` says so."""
    version, found = require_current(engine), read_definitions(*list_folders(engine.home))
    as_of = date.fromisoformat(version.contents.as_of)
    with (
        engine.list_tables(models, version) as tables,
        run.open_run(
            tables, engine.home, found.sound, names, run_date, as_of, version.name, accept_old_data=accept_old_data
        ) as decided,
    ):
        yield decided


def judged_lists(
    engine: Engine, models: Models, chosen: Sequence[TargetList], today: date
) -> Iterator[tuple[TargetList, list[str], list[str]]]:
    """Each list with what is wrong with it and what is doubtful, by the version that readers get; nothing is decided."""
    version = require_current(engine)
    as_of = date.fromisoformat(version.contents.as_of)
    with engine.list_tables(models, version) as tables:
        known = run.read_version(tables, as_of, today)
        for definition in chosen:
            try:
                conditions = check(definition, known.catalog)
            except DefinitionError as error:
                yield definition, [str(error).removeprefix(f"list {definition.name}: ")], []
                continue
            wrong = advice.faults(definition, conditions, tables, known, today)
            yield definition, wrong, advice.warnings(definition, conditions, tables, known.catalog, as_of, today)


def channel_feeds(engine: Engine, models: Models, run_date: date) -> dict[str, Written]:
    """Writes the feed of each channel by the version that readers get and the lists exported on its data; by channel."""
    version = require_current(engine)
    with engine.list_tables(models, version) as tables:
        return write_feeds(tables, engine.home, date.fromisoformat(version.contents.as_of), run_date, version.name)


def customer(engine: Engine, models: Models, subscriber: str, run_date: date) -> dict[str, object]:
    """What every channel sees of one line, as its feed has it. Raises ListError for a subscriber that the version lacks."""
    version = require_current(engine)
    with engine.list_tables(models, version) as tables:
        return line_view(tables, engine.home, date.fromisoformat(version.contents.as_of), run_date, subscriber)


@contextlib.contextmanager
def previewed(
    engine: Engine, models: Models, name: str, today: date, all_active: bool = False, unsaved: TargetList | None = None
) -> Iterator[DecidedRun]:
    """The named list decided for a preview, beside those it meets: the ones due today, or all that are active; `unsaved` is that
    list where it has no file yet.

    Raises ListError where the list cannot be decided. Lists that today's run has exported already count as they were exported.
    """
    known = definitions(engine.home)
    if all_active:
        beside = [d.name for d in known.values() if d.status == "approved"]
    else:
        exported = {run["list_name"] for run in ledger.current_runs(engine.home) if run["run_date"] == today}
        beside = [other for other in due_lists(engine, models, known.values(), today) if other not in exported]
    with preview_lists(engine, models, sorted({name, *beside}), today, unsaved) as decided:
        if name in decided.plan.rejected:
            raise ListError(decided.plan.rejected[name].said(name))
        yield decided


@contextlib.contextmanager
def preview_lists(
    engine: Engine, models: Models, names: Sequence[str], run_date: date, unsaved: TargetList | None = None
) -> Iterator[DecidedRun]:
    """The named lists, drafts too, decided together for a preview: nothing is written, and nothing may be exported. `unsaved` is
    a list that has no file yet."""
    version = require_current(engine)
    with engine.list_tables(models, version) as tables:
        as_of = date.fromisoformat(version.contents.as_of)
        known = definitions(engine.home) | ({unsaved.name: unsaved} if unsaved else {})
        yield run.decide(tables, engine.home, known, names, run_date, as_of, version.name, drafts=True)
