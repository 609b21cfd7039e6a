"""The nightly job in this process: starts it, and gives what came of it.

The steps stand in `assets` and run the same here and from Dagster's page; `orchestration.cli` tells a run on the terminal.
"""

import contextlib
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import dagster as dg

from orchestration.base import settings
from orchestration.base.files import replace_text
from orchestration.pipeline.definitions import defs
from orchestration.pipeline.run import Night, Progress
from orchestration.warehouse.build import run_lock
from orchestration.warehouse.dbt import dbt_environment, ensure_manifest

DAGSTER_YAML = """# Written by telco360. History of runs, schedules and sensors lies beside this file.
telemetry:
  enabled: false
nux: # asks whoever opens the page to register with its makers
  enabled: false
storage:
  custom:
    module: orchestration.pipeline.run_history
    class: RunHistory
    config:
      base_dir: {folder}
"""


RUN_TAGS = {".dagster/repository": "__repository__@orchestration.pipeline.definitions"}
"""By which Dagster's page finds the runs of a job: those of the command line stand beside those that it started itself."""


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
            nightly = defs().resolve_job_def("nightly")
            step.result = "definitions"
        with _quiet(), dg.DagsterInstance.from_config(str(dagster_home(home))) as instance:
            tags = RUN_TAGS | ({"business_date": str(as_of)} if as_of else {})
            try:
                resources = {"night": night}
                result = nightly.execute_in_process(instance=instance, resources=resources, raise_on_error=False, tags=tags)
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
