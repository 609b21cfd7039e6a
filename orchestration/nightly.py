"""The nightly job in this process: starts it, tells its progress on the terminal, and sums up what came of it.

The steps stand in orchestration.warehouse.assets and run the same here and from Dagster's page.
"""

import contextlib
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from rich.console import Console, Group
from rich.status import Status
from rich.table import Table
from rich.text import Text

from orchestration import settings
from orchestration.warehouse import WarehouseError
from orchestration.warehouse.build import replace_text, run_lock
from orchestration.warehouse.candidate import remove_candidate
from orchestration.warehouse.dbt import dbt_environment, ensure_manifest
from orchestration.warehouse.freshness import NothingDelivered
from orchestration.warehouse.night import Night, Progress
from orchestration.warehouse.publishing import current, remove_leftovers

DAGSTER_YAML = """# Written by telco360. History of runs, schedules and sensors lies beside this file.
telemetry:
  enabled: false
"""


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
        self._status: Status | None = None

    def begin(self, step: str) -> None:
        self._status = self.console.status(f"{step} …")
        self._status.start()

    def note(self, step: str, text: str) -> None:
        if self._status:
            self._status.update(f"{step} … {text}")

    def end(self, step: str, text: str, seconds: float) -> None:
        self._line("[green]✓[/]", step, text, seconds)

    def fail(self, step: str, seconds: float) -> None:
        self._line("[red]✗[/]", step, "failed", seconds)

    def _line(self, mark: str, step: str, text: str, seconds: float) -> None:
        if self._status:
            self._status.stop()
        self.console.print(f"{mark} {step:<14} {text}  [dim]{seconds:.1f} s[/]", highlight=False)


def dagster_home(home: settings.Home) -> Path:
    """Where Dagster keeps its history, within the home; made ready with telemetry off."""
    folder = home.warehouse / "dagster"
    replace_text(folder / "dagster.yaml", DAGSTER_YAML)
    return folder


def run_nightly(home: settings.Home, as_of: date | None, progress: Progress) -> Outcome:
    """Runs the job `nightly` in this process, for `as_of` or the latest date due, and gives what came of it.

    Raises WarehouseError where the run cannot begin: the home is at work, the dbt project does not parse. What fails within the
    run is in the outcome; the published version then stays as it was, unless only target lists failed.
    """
    os.environ.update(dbt_environment(home))
    with run_lock(home):
        remove_leftovers(home)
        remove_candidate(home)
        night = Night(home, as_of, progress)
        with night.step("prepare") as step:
            ensure_manifest(home)
            import dagster as dg

            from orchestration.definitions import defs

            step.result = "definitions"
        with _quiet(), dg.DagsterInstance.from_config(str(dagster_home(home))) as instance:
            job = defs.get_job_def("nightly")
            result = job.execute_in_process(instance=instance, resources={"night": night}, raise_on_error=False)
        return Outcome(night, list(failures(result.all_events, night)))


def failures(events: Iterable, night: Night) -> Iterator[Failure]:
    """The steps that failed, with their causes in words. Steps skipped because of them are left out."""
    for event in events:
        if event.is_step_failure:
            data = event.step_failure_data
            error = data.user_failure_data or (data.error and (data.error.cause or data.error))
            gate = {"door": night.door, "gate": night.gate}.get(event.node_name)
            if gate is not None and not gate.passed:
                text = "\n".join(map(str, gate.failures)) + f"\nSee {gate.data_docs}"
            else:
                text = _words(error)
            yield Failure(event.step_key, text)


def summary(outcome: Outcome) -> Group:
    """The end of a run, for the terminal: what was published, what came in, what was built and tested, which lists, where."""
    night = outcome.night
    parts = [*_intake_part(night), *_build_part(night), *_release_part(night), *_failure_part(outcome)]
    return Group("", *parts)


def _intake_part(night: Night) -> Iterator:
    if night.intake is None:
        return
    if night.intake.outcomes:
        table = Table("delivery", "outcome", box=None, title="Taken in", title_justify="left", pad_edge=False)
        for name in ("read", "accepted", "collapsed", "set aside"):
            table.add_column(name, justify="right")
        for o in sorted(night.intake.outcomes, key=lambda o: (o.table_name, o.dt)):
            counts = (o.rows_read, o.rows_accepted, o.rows_collapsed, o.rows_set_aside)
            table.add_row(f"{o.table_name} {o.dt}", o.outcome, *(f"{n:,}" for n in counts))
        yield table
    for o in night.intake.rejected:
        yield _line("rejected", f"{o.table_name} {o.dt}: {o.reason}")
    for o in night.intake.outcomes:
        for text in o.warnings:
            yield _line("warning", f"{o.table_name} {o.dt}: {text}")
    for folder in night.intake.incomplete:
        yield _line("incomplete", f"{folder}: no _SUCCESS yet, left alone")
    for text in night.intake.warnings:
        yield _line("warning", text)
    for finding in night.door.warnings if night.door else []:
        yield _line("warning", str(finding))


def _build_part(night: Night) -> Iterator:
    if night.discarded:
        yield _line("built anew", f"the build database of before was discarded: {night.discarded}")
    if night.rebuilt_months is not None:
        yield _line("months rebuilt", ", ".join(f"{month:%Y-%m}" for month in night.rebuilt_months) or "none")
    if night.dbt:
        yield _line(
            "tests", f"{night.dbt.tests_passed} passed, {len(night.dbt.warnings)} warned, {len(night.dbt.failures)} failed"
        )
        for text in night.dbt.warnings:
            yield _line("warning", text)
    for finding in night.gate.warnings if night.gate else []:
        yield _line("warning", str(finding))


def _release_part(night: Night) -> Iterator:
    if night.version:
        contents = night.version.contents
        yield _line("published", f"{night.version.name}, as of {contents.as_of}: {len(contents.tables)} tables")
        yield _line("", f"{night.home.current}")
        for table, latest in contents.stale.items():
            yield _line("stale", f"{table} was delivered last for {latest}")
        for text in contents.notes:
            yield _line("note", text)
    for made in sorted(night.lists, key=lambda made: made.name):
        yield _line("list", f"{made.name}: {made.rows:,} rows, {made.file}")
    if night.gate or night.door:
        yield _line("data docs", (night.gate or night.door).data_docs)


def _failure_part(outcome: Outcome) -> Iterator:
    for failure in outcome.failures:
        yield _line("failed", f"{failure.step}: {failure.message}", "bold red")
    if outcome.is_well:
        return
    if outcome.night.version:
        yield _line("", f"{outcome.night.version.name} is published all the same; mend what failed and run again.", "bold")
    else:
        standing = current(outcome.night.home)
        name = f"stays as it was: {standing.name}" if standing else "stays as it was: there is none yet"
        yield _line("", f"The published version {name}.", "bold")


def _line(label: str, text: str, style: str = "") -> Table:
    line = Table.grid(padding=(0, 1))
    line.add_column(width=14, style=style or "dim", no_wrap=True)
    line.add_column(overflow="fold")
    line.add_row(label, Text(text, style=style))
    return line


def _words(error) -> str:
    if error is None:
        return "it gave no reason"
    name = getattr(error, "cls_name", None)
    text = (getattr(error, "message", None) or getattr(error, "description", None) or str(error)).strip()
    own = {cls.__name__ for cls in (WarehouseError, NothingDelivered)} | {"ListError", "SeedError"}
    # Our own errors are written for people, and their class says nothing; of others the class is part of the message.
    return text.split(": ", 1)[-1] if name in own and text.split(": ", 1)[0].endswith(name) else text


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
