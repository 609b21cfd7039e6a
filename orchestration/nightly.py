"""The nightly job in this process: starts it, tells its progress on the terminal, and sums up what came of it.

The steps stand in orchestration.warehouse.assets and run the same here and from Dagster's page.
"""

import contextlib
import itertools
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from orchestration import settings
from orchestration.files import replace_text
from orchestration.quality.judge import GateResult
from orchestration.targeting.export import ListRun
from orchestration.warehouse.build import run_lock
from orchestration.warehouse.dbt import dbt_environment, ensure_manifest
from orchestration.warehouse.night import Night, Progress

DAGSTER_YAML = """# Written by telco360. History of runs, schedules and sensors lies beside this file.
telemetry:
  enabled: false
nux: # asks whoever opens the page to register with its makers
  enabled: false
storage:
  custom:
    module: orchestration.warehouse.run_history
    class: RunHistory
    config:
      base_dir: {folder}
"""


RUN_TAGS = {".dagster/repository": "__repository__@orchestration.definitions"}
"""By which Dagster's page finds the runs of a job: those of the command line stand beside those that it started itself."""

FRESH_DAYS = 1
"""Days after its business date up to which a version is of yesterday: a run at night builds the day that has ended."""


@dataclass(frozen=True)
class Failure:
    """A step that failed, and why in words."""

    step: str
    message: str


@dataclass(frozen=True)
class Outcome:
    """What a run came to. It is well when nothing failed; a target list that failed leaves the publication standing."""

    night: Night
    failures: list[Failure] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        return not self.failures


class TerminalProgress(Progress):
    """One line a step, with a running status while it works."""

    def __init__(self, console: Console):
        self.console = console
        self._spinner = Spinner("dots")
        self._live: Live | None = None

    def begin(self, step: str) -> None:
        self._spinner.update(text=Text(f"{step} …"))
        # What libraries print meanwhile is not for this terminal: it must not be drawn above the spinner.
        self._live = Live(self._spinner, console=self.console, transient=True, redirect_stdout=False, redirect_stderr=False)
        self._live.start()

    def note(self, step: str, text: str) -> None:
        self._spinner.update(text=Text(f"{step} … {text}"))

    def end(self, step: str, text: str, seconds: float) -> None:
        self._line(("✓", "green"), step, text, seconds)

    def fail(self, step: str, seconds: float) -> None:
        self._line(("✗", "red"), step, "failed", seconds)

    def _line(self, mark: tuple[str, str], step: str, text: str, seconds: float) -> None:
        if self._live:
            self._live.stop()
        self.console.print(Text.assemble(mark, f" {step:<14} {text}  ", (f"{seconds:.1f} s", "dim")), soft_wrap=True)


def dagster_home(home: settings.Home) -> Path:
    """Where Dagster keeps its history, within the home; made ready with telemetry off."""
    folder = home.warehouse / "dagster"
    replace_text(folder / "dagster.yaml", DAGSTER_YAML.format(folder=json.dumps(str(folder))))
    return folder


def run_nightly(
    home: settings.Home, as_of: date | None, progress: Progress, *, publishes_earlier: bool = False, exports_earlier: bool = False
) -> Outcome:
    """Runs the job `nightly` in this process, for `as_of` or the latest date due, and gives what came of it.

    A run for an earlier day than the published one is built beside it; the two flags have it published, and lists exported.

    Raises WarehouseError where the run cannot begin: the home is at work, the dbt project does not parse. What fails within the
    run is in the outcome; the published version then stays as it was, unless only target lists failed.
    """
    os.environ.update(dbt_environment(home))
    with run_lock(home):
        night = Night(home, as_of, progress, publishes_earlier, exports_earlier)
        night.engine.clear_leftovers()
        with night.step("prepare") as step:
            ensure_manifest(home)
            import dagster as dg

            from orchestration.definitions import defs

            step.result = "definitions"
        with _quiet(), dg.DagsterInstance.from_config(str(dagster_home(home))) as instance:
            job, tags = defs.get_job_def("nightly"), RUN_TAGS | ({"business_date": str(as_of)} if as_of else {})
            try:
                resources = {"night": night}
                result = job.execute_in_process(instance=instance, resources=resources, raise_on_error=False, tags=tags)
            except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError) as error:
                raise KeyboardInterrupt(stopped(night)) from error
            finally:
                night.close()
        if was_interrupted(result.all_events):
            raise KeyboardInterrupt(stopped(night))
        return Outcome(night, list(failures(result.all_events, night)))


def was_interrupted(events: Iterable) -> bool:
    """Whether a step ended by Ctrl-C: Dagster tells that as a failure of the step."""
    errors = [event.step_failure_data.error for event in events if event.is_step_failure]
    names = {one.cls_name for error in errors if error for one in (error, error.cause) if one}
    return bool(names & {"DagsterExecutionInterruptedError", "KeyboardInterrupt"})


def stopped(night: Night) -> str:
    """What a run that was stopped by Ctrl-C leaves behind, in words. Pure."""
    if night.version and night.publishes:
        return f"Stopped. {night.version.name} is published; target lists may be missing: run again to export them."
    return "Stopped. Nothing was published; the published version stays as it was. Run again to continue."


def failures(events: Iterable, night: Night) -> Iterator[Failure]:
    """The steps that failed, with their causes in words. Steps skipped because of them are left out."""
    for event in events:
        if event.is_step_failure:
            data = event.step_failure_data
            error = data.error and (data.error.cause or data.error)
            name = {"release_candidate_gate": "gate"}.get(event.node_name, event.node_name)
            gate = {"door": night.door, "gate": night.gate}.get(name)
            if gate is not None and not gate.passed:
                yield Failure(name, "\n".join([*map(str, gate.failures), f"See {gate.data_docs}"]))
            else:
                yield Failure(name, _words(error))


def summary(outcome: Outcome) -> list[Text]:
    """The end of a run in lines: what came in, what was built and tested, what is published, which lists, where it all is."""
    night = outcome.night
    lines = [*_intake_lines(night), *_build_lines(night), *_release_lines(night), *_failure_lines(outcome)]
    return [_line(label, text, style) for label, text, style in lines]


def _intake_lines(night: Night) -> Iterator[tuple[str, str, str]]:
    if night.intake is None:
        return
    outcomes = sorted(night.intake.outcomes, key=lambda o: (o.table_name, o.outcome, o.dt))
    width = max((len(o.table_name) for o in outcomes), default=0)
    for (table, outcome), group in itertools.groupby(outcomes, key=lambda o: (o.table_name, o.outcome)):
        yield outcome, f"{table:<{width}}  {_taken_in(list(group))}", "red" if outcome == "rejected" else ""
    yield from (("why rejected", f"{o.table_name} {o.dt}: {o.reason}", "red") for o in night.intake.rejected)
    yield from (("warning", f"{o.table_name} {o.dt}: {text}", "yellow") for o in outcomes for text in o.warnings)
    again = {(o.table_name, o.dt) for o in outcomes}
    yield from (
        ("warning", f"{d['table_name']} {d['dt']}, taken in on {d['recorded_at']:%Y-%m-%d}: {text}", "yellow")
        for d in night.taken_before
        if (d["table_name"], d["dt"]) not in again
        for text in d["warnings"]
    )
    yield from (("incomplete", f"{folder}: no _SUCCESS yet, left alone", "") for folder in night.intake.incomplete)
    yield from (("warning", text, "yellow") for text in night.intake.warnings)
    yield from _warnings(night.door)
    yield from (
        ("ahead", f"{table}: {rows:,} rows of events after {night.as_of}, kept in the lake, left out of the build", "yellow")
        for table, rows in night.rows_ahead.items()
    )
    if night.later:
        dt, table = night.later[-1]
        words = f"deliveries of later dates: {len(night.later)}, the last {table} {dt}; kept in the lake, left out of the build"
        yield "ahead", words, "yellow"


def _taken_in(outcomes: list) -> str:
    """Deliveries of one table with one outcome: from when to when, and their rows added up."""
    dates = [o.dt for o in outcomes]
    counts = {"read": "rows_read", "accepted": "rows_accepted", "collapsed": "rows_collapsed", "set aside": "rows_set_aside"}
    counts["carried over"] = "rows_carried"
    sums = {what: sum(getattr(o, name) for o in outcomes) for what, name in counts.items()}
    told = ", ".join(f"{count:,} {what}" for what, count in sums.items() if count or what in ("read", "accepted"))
    days = f"{dates[0]}" if len(dates) == 1 else f"{dates[0]} to {dates[-1]}, {len(dates)} deliveries"
    return f"{days}  {told}"


def _build_lines(night: Night) -> Iterator[tuple[str, str, str]]:
    if night.discarded:
        yield "built anew", f"the build database of before was discarded: {night.discarded}", ""
    if night.rebuilt_months is not None:
        yield "months rebuilt", ", ".join(f"{month:%Y-%m}" for month in night.rebuilt_months) or "none", ""
    if night.dbt:
        counts = f"{night.dbt.tests_passed} passed, {len(night.dbt.warnings)} warned, {len(night.dbt.failures)} failed"
        yield "tests", counts, ""
        yield from (("warning", text, "yellow") for text in night.dbt.warnings)
    yield from _warnings(night.gate)
    yield from (("set aside", judged.message, "yellow") for judged in night.offers if not judged.is_accepted)


def _release_lines(night: Night) -> Iterator[tuple[str, str, str]]:
    if night.version:
        contents = night.version.contents
        if night.publishes:
            yield "published", f"{night.version.name}, {len(contents.tables)} tables as of {contents.as_of}", "bold green"
            yield "readers open", night.engine.readers_open, ""
        else:
            current = night.current_engine.current()
            beside = f"{contents.as_of} lies before the published {current.contents.as_of}: built beside it, not published"
            exported = "lists exported" if night.exports_lists else "no list exported"
            yield "built aside", f"{beside}, {exported}. Open {night.engine.readers_open}", "bold"
            yield "", "To make it what readers get: the same command with --publish; to export lists of it: --export-lists", ""
        if night.billed:
            yield "money", str(night.billed), "yellow" if night.billed.waiting else ""
            rebuilt = [m for m in night.billed.corrected if m in (night.rebuilt_months or ()) and m != night.billed.last]
            if rebuilt and not night.discarded:
                names = ", ".join(f"{month:%Y-%m}" for month in rebuilt)
                yield "corrected", f"charges came after the closing of {names}; their figures changed", ""
        if night.is_old and not night.is_earlier and not night.exports_lists:
            yield "lists", f"none exported: {contents.as_of} is long past. To export them all the same: --export-lists", "yellow"
        yield from age_lines(date.fromisoformat(contents.as_of), night.today, contents.stale)
        yield from (("note", text, "yellow") for text in contents.notes)
    for made in sorted(night.lists, key=lambda made: made.name):
        yield "list", f"{made.name}: {_list_words(made)}", "" if made.file else "red"
        yield from (("warning", f"list {made.name}: {text}", "yellow") for text in made.warnings)
    if last := night.gate or night.door:
        yield "data docs", last.data_docs, ""


def age_lines(as_of: date, today: date, stale: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """How old the data of a version is: against today, and the required tables delivered last before its date. Pure."""
    if (days := (today - as_of).days) > FRESH_DAYS:
        yield "old data", f"as of {as_of}, {days} days before today ({today}): nothing newer was delivered or asked for", "yellow"
    by_date: dict[str, list[str]] = {}
    for table, dt in sorted(stale.items()):
        by_date.setdefault(dt, []).append(table)
    if by_date:
        told = "; ".join(f"{dt} {', '.join(tables)}" for dt, tables in sorted(by_date.items()))
        yield "stale", f"required tables delivered last before {as_of}: {told}", "yellow"


def _list_words(made: ListRun) -> str:
    return f"{made.rows:,} rows, {made.file}" if made.file else made.status


def _failure_lines(outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    yield from (("failed", text, "red") for text in told_once(outcome.failures))
    if outcome.is_well:
        return
    if outcome.night.version and outcome.night.publishes:
        yield "", f"{outcome.night.version.name} is published all the same; fix what failed and run again.", "bold"
    else:
        standing = outcome.night.current_engine.current()
        yield "", f"The published version stays as it was: {standing.name if standing else 'there is none yet'}.", "bold"


def told_once(failures: Iterable[Failure]) -> Iterator[str]:
    """What failed, in lines: target lists that failed for one reason share a line, so that it is read once."""
    alike: dict[str, list[Failure]] = {}
    for failure in failures:
        reason = re.sub(r"; needed for [^.]*", "", failure.message)  # the tags of each list, of which the reason is the same
        alike.setdefault(re.sub(r"^list \w+: ", "", reason), []).append(failure)
    for reason, same in alike.items():
        if len(same) == 1:
            yield f"{same[0].step}: {same[0].message}"
        else:
            names = ", ".join(failure.step.removeprefix("target_lists__") for failure in same)
            yield f"{len(same)} lists: {reason}\n{names}"


def _warnings(gate: GateResult | None) -> Iterator[tuple[str, str, str]]:
    yield from (("warning", str(finding), "yellow") for finding in (gate.warnings if gate else []))


def _line(label: str, text: str, style: str) -> Text:
    indented = text.replace("\n", "\n" + " " * 15)
    return Text.assemble((f"{label:<14} ", "dim"), (indented, style))


def _words(error) -> str:
    # Our own errors are written for people, and their class says nothing; of others the class is part of the message.
    return re.sub(r"^orchestration\.[\w.]+: ", "", error.message.strip()) if error else "it gave no reason"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps Dagster's and dbt's own logs off the terminal; they are in the run's history and in dbt's logs."""
    loggers = [logging.getLogger(name) for name in ("dagster", "alembic", "great_expectations")]
    levels = [logger.level for logger in loggers]
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
