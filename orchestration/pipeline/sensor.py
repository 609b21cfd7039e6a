"""The sensor that starts a run once the deliveries of a day are complete. Which day is due is said by `arrivals`."""

import dagster as dg

from orchestration.base import settings
from orchestration.base.contract import load_contract
from orchestration.engines.choose import engine
from orchestration.pipeline import arrivals
from orchestration.warehouse import build
from orchestration.warehouse.publishing import Version


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
            return dg.SkipReason(f"{home.root} is at work")
        day = arrivals.due_day(arrivals.complete_folders(home), arrivals.judged(home), load_contract())
        return run_request(day, engine(home).current()) if day else dg.SkipReason("no day is due")

    return deliveries_complete


def run_request(due: arrivals.Due, current: Version | None) -> dg.RunRequest:
    """The run for a day whose deliveries are complete: of that day, also when some of a later one are there.

    What is delivered anew of a day before the published one goes into a run of the published day. Pure.
    """
    as_of = max(due.day.isoformat(), current.contents.as_of) if current else due.day.isoformat()
    config = {"resources": {"night": {"config": {"as_of": as_of}}}}
    return dg.RunRequest(run_key=due.key, run_config=config, tags={"business_date": as_of})
