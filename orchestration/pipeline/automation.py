"""What starts the job by itself: the sensor, once the deliveries of a day are complete, and the schedule, every night.

Which day they ask for is said by `arrivals`.
"""

from datetime import date

import dagster as dg

from orchestration.base import settings
from orchestration.base.contract import load_contract
from orchestration.engines.choose import engine
from orchestration.pipeline import after, arrivals, run
from orchestration.pipeline.outcome import outcome
from orchestration.pipeline.run_log import RunLog
from orchestration.warehouse import build
from orchestration.warehouse.publishing import Version

AT_TWO = "0 2 * * *"
"""When the schedule starts a run, in the operator's time zone, as a cron line."""


def complete_deliveries(job: dg.JobDefinition, switch: str) -> dg.SensorDefinition:
    """The sensor that starts the job; `switch` is RUNNING or STOPPED, its state until somebody turns it."""

    @dg.sensor(
        job=job,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus(switch),
        description="Starts the job once all required deliveries of a day are there, once more for each that is delivered anew.",
    )
    def deliveries_complete():
        home = settings.home()
        if build.is_locked(home):
            return dg.SkipReason(f"another run is using {home.root}")
        complete = {(table, dt): mark for (table, dt), mark in arrivals.complete_folders(home).items() if dt <= run.today()}
        due = arrivals.due_day(complete, arrivals.validated(home), load_contract())
        return run_request(due, engine(home).current()) if due else dg.SkipReason("no day is due")

    return deliveries_complete


def run_request(due: arrivals.Due, current: Version | None) -> dg.RunRequest:
    """The run for a day whose deliveries are complete: of that day, also when some of a later one are there.

    What is delivered anew of a day before the published one goes into a run of the published day. Pure.
    """
    day = max(due.day.isoformat(), current.contents.as_of) if current else due.day.isoformat()
    return dg.RunRequest(run_key=due.key, partition_key=day, tags={"business_date": day})


def at_two(job: dg.JobDefinition, switch: str) -> dg.ScheduleDefinition:
    """The schedule that starts the job at 02:00 for the latest day delivered."""

    @dg.schedule(
        job=job,
        cron_schedule=AT_TWO,
        execution_timezone=settings.timezone().key,
        default_status=dg.DefaultScheduleStatus(switch),
        description="Starts the job every night for the latest day delivered. A list that went out on that day's data waits for "
        "newer data.",
    )
    def nightly_schedule():
        return nightly_request(arrivals.latest_day(settings.home(), load_contract(), run.today()))

    return nightly_schedule


def nightly_request(day: date) -> dg.RunRequest:
    """The run for the latest day delivered. Pure."""
    config = {"resources": {"run": {"config": {"asked": False}}}}
    return dg.RunRequest(partition_key=str(day), run_config=config, tags={"business_date": str(day)})


def run_ends(job: dg.JobDefinition) -> list[dg.SensorDefinition]:
    """The sensors that note the end of a run which Dagster started, and tell of it; a run of the command line does so itself."""

    def noted(context: dg.RunStatusSensorContext) -> None:
        ran = context.dagster_run
        if after.TOLD in ran.tags:
            return
        home, day = settings.home(), ran.tags.get(run.PARTITION)
        of_day = run.Run(home, date.fromisoformat(day) if day else None)
        events = [entry.dagster_event for entry in context.instance.all_logs(ran.run_id) if entry.dagster_event]
        after.ended(outcome(of_day, events), RunLog(home, ran.run_id, of_day.day))

    return [
        dg.run_status_sensor(
            name=f"nightly_{status.value.lower()}",
            run_status=status,
            monitored_jobs=[job],
            default_status=dg.DefaultSensorStatus.RUNNING,
            description="Notes the end of a run in the log, writes figures for monitoring, sends notices.",
        )(noted)
        for status in (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)
    ]
