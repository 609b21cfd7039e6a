"""The nightly job in this process: starts it for a business date, and gives what came of it.

The steps stand in `assets` and run the same here and from Dagster's page; `orchestration.cli` tells a run on the terminal.
"""

import contextlib
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

import dagster as dg

from orchestration.base import modes, settings
from orchestration.base.contract import load_contract
from orchestration.base.errors import HomeBusy, Telco360Error, WarehouseError
from orchestration.base.files import replace_text
from orchestration.base.notify import channels
from orchestration.pipeline import after
from orchestration.pipeline.arrivals import latest_day
from orchestration.pipeline.definitions import definitions
from orchestration.pipeline.outcome import Outcome, outcome, was_interrupted
from orchestration.pipeline.reports import Progress
from orchestration.pipeline.run import FIRST_DAY, Run, today
from orchestration.pipeline.run_history import end_lost_runs
from orchestration.pipeline.run_log import ENDED, STARTED, Both, RunLog, run_name
from orchestration.warehouse.build import run_lock
from orchestration.warehouse.dbt import dbt_environment, ensure_manifest
from orchestration.warehouse.publishing import Version

DAGSTER_YAML = """# Written by telco360. History of runs, schedules and sensors is beside this file.
telemetry:
  enabled: false
nux: # asks whoever opens the page to register with its makers
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1 # a home serves one run at a time: the days of a backfill wait for each other
run_monitoring: # ends a run that hangs, after a working day
  enabled: true
  max_runtime_seconds: 28800
run_retries: # a run whose process died goes once more; one whose step failed would fail again
  enabled: true
  max_retries: 1
  retry_on_asset_or_op_failure: false
storage:
  custom:
    module: orchestration.pipeline.run_history
    class: RunHistory
    config:
      base_dir: {folder}
"""


RUN_TAGS = {".dagster/repository": "__repository__@orchestration.pipeline.definitions", after.TOLD: "telco360 nightly"}
"""By which Dagster's page finds the runs of a job: those of the command line are beside those that it started itself."""


def dagster_home(home: settings.Home) -> Path:
    """Where Dagster keeps its history, within the home; made ready with telemetry off."""
    folder = home.warehouse / "dagster"
    replace_text(folder / "dagster.yaml", DAGSTER_YAML.format(folder=json.dumps(str(folder))))
    return folder


def end_runs_of_before(home: settings.Home) -> list[str]:
    """Has all runs that Dagster's history takes to be under way count as failed, and gives their ids; none while a run works on
    the home. To be called before Dagster begins to start runs, which then starts those of its own once more."""
    try:
        with run_lock(home), dg.DagsterInstance.from_config(str(dagster_home(home))) as instance:
            return end_lost_runs(instance, {})
    except HomeBusy:
        return []


def run_nightly(
    home: settings.Home,
    as_of: date | None,
    progress: Progress,
    *,
    publishes_earlier: bool = False,
    exports_earlier: bool = False,
    full_tests: bool = False,
) -> Outcome:
    """Runs the job `nightly` in this process, for `as_of` or the latest day delivered, and gives what came of it.

    A run for an earlier day than the published one is built beside it; the first two flags have it published, and lists exported.
    `full_tests`: dbt's tests look at all of history, due or not.

    Raises WarehouseError where the run cannot begin: another run is using the home, the dbt project does not parse, the day lies
    before the first partition. What fails within the run is in the outcome; the published version then stays as it was, unless
    only target lists failed.
    """
    modes.private_umask()
    os.environ.update(dbt_environment(home))
    channels()  # a wrong setting ends a run before it, not after
    log = RunLog(home, run_name(), as_of)
    try:
        ran = _ran(home, as_of, log, progress, publishes_earlier, exports_earlier, full_tests)
    except Telco360Error as error:
        after.could_not_start(home, error, log)
        raise
    except KeyboardInterrupt as error:
        log.write(ENDED, "warning", is_well=False, causes=[str(error) or "stopped"])
        raise
    return replace(ran, not_told=after.ended(ran, log))


def _ran(
    home: settings.Home,
    as_of: date | None,
    log: RunLog,
    progress: Progress,
    publishes_earlier: bool,
    exports_earlier: bool,
    full_tests: bool,
) -> Outcome:
    if as_of is not None and as_of < FIRST_DAY:
        raise WarehouseError(f"{as_of} lies before {FIRST_DAY}, the first business date that can be built; ask for a later one")
    with run_lock(home), ExitStack() as held:
        day = as_of or latest_day(home, load_contract(), today())
        log.day = day
        log.write(STARTED, started_by="telco360 nightly")
        both = Both(progress, log)
        run = Run(home, day, both, as_of is not None, publishes_earlier, exports_earlier, full_tests, held)
        run.engine.clear_leftovers()
        before = run.current_engine.current()
        nightly = _prepared(run)
        with _quiet(), dg.DagsterInstance.from_config(str(dagster_home(home))) as instance:
            end_lost_runs(instance, {after.TOLD: RUN_TAGS[after.TOLD]})  # they hold the home while they work
            try:
                result = nightly.execute_in_process(
                    instance=instance,
                    partition_key=str(day),
                    resources={"run": run},
                    raise_on_error=False,
                    tags=RUN_TAGS | {"business_date": str(day)},
                )
            except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError) as error:
                raise KeyboardInterrupt(stopped(before, run.current_engine.current())) from error
        if was_interrupted(result.all_events):
            raise KeyboardInterrupt(stopped(before, run.current_engine.current()))
        return outcome(run, result.all_events)


def _prepared(run: Run) -> dg.JobDefinition:
    """The job, from a manifest that matches the code; a step of its own, before Dagster's."""
    started = time.monotonic()
    run.progress.begin("prepare")
    try:
        closed = modes.told(modes.close(run.home))
        ensure_manifest(run.home)
        nightly = definitions(run.day).resolve_job_def("nightly")
    except BaseException:
        run.progress.fail("prepare", time.monotonic() - started)
        raise
    run.progress.end("prepare", f"definitions{closed}", time.monotonic() - started)
    return nightly


def stopped(before: Version | None, now: Version | None) -> str:
    """What a run that was stopped by Ctrl-C leaves behind, by the version that readers had and have, in words. Pure."""
    if now and (before is None or now.name != before.name):
        return f"Stopped. {now.name} is published; target lists may be missing: run again to export them."
    return "Stopped. Nothing was published; the published version stays as it was. Run again to continue."


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
