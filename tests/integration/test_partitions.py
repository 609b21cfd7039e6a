"""A business date is a partition: the sensor asks for the day that is complete, and runs of Dagster build it, or it again."""

import shutil
import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.pipeline import automation
from orchestration.pipeline.assets import PUBLICATION
from orchestration.pipeline.definitions import definitions
from orchestration.pipeline.nightly import dagster_home
from orchestration.pipeline.reports import RUN_REPORT, BuildFound, read, reported
from orchestration.pipeline.run import today
from orchestration.warehouse import build
from orchestration.warehouse.dbt import dbt_environment
from orchestration.warehouse.publishing import Version, current, versions

EARLIER, COMPLETE, BEGUN = date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 2)


@dataclass(frozen=True)
class Page:
    """A home as Dagster's page works on it: the job, the sensor and the history of runs."""

    home: Home
    job: dg.JobDefinition
    sensor: dg.SensorDefinition
    instance: dg.DagsterInstance

    def run(self, day: date | str, **given) -> dict:
        """Runs the partition as the page does, with the job's own resources; what its steps reported."""
        result = self.job.execute_in_process(partition_key=str(day), instance=self.instance, raise_on_error=False, **given)
        failed = [event.message for event in result.all_events if event.is_failure]
        assert result.success, failed
        return reported(result.all_events)


def deliver(home: Home) -> None:
    """The small delivery of the docs for two days, and the first two of its tables for the day after."""
    text = (PROJECT_DIR / "docs" / "deliveries.md").read_text(encoding="utf-8").split("## A small delivery that works")[1]
    script = text.split("```sh\n")[1].split("```")[0]
    subprocess.run(["bash", "-euc", script], env={"TELCO360_HOME": str(home.root), "PATH": "/usr/bin:/bin"}, check=True)
    for number, folder in enumerate(sorted(home.landing.iterdir(), key=lambda path: path.name, reverse=True)):
        for day in (COMPLETE, BEGUN) if number < 2 else (COMPLETE,):
            shutil.copytree(folder / f"dt={EARLIER}", folder / f"dt={day}")


@pytest.fixture(scope="module")
def page(parsed, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("partitions"))
    deliver(home)
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.from_config(str(dagster_home(home))) as instance:
        for name, value in dbt_environment(home).items():
            patch.setenv(name, value)
        job = definitions(today()).resolve_job_def("nightly")
        yield Page(home, job, automation.complete_deliveries(job, "STOPPED"), instance)


@pytest.fixture(scope="module")
def built(page) -> tuple[dg.RunRequest, dict, Version]:
    """What the sensor asked for, what the run of it reported and published."""
    request = page.sensor(dg.build_sensor_context(instance=page.instance))
    return request, page.run(request.partition_key, run_config=request.run_config, tags=request.tags), current(page.home)


@pytest.fixture(scope="module")
def again(page, built) -> tuple[dict, Version]:
    """The same partition once more."""
    return page.run(COMPLETE), current(page.home)


@pytest.fixture(scope="module")
def earlier(page, again) -> Path:
    """The partition of an earlier day, as a backfill runs it; the home that it was built in."""
    page.run(EARLIER)
    return page.home.warehouse / "aside"


def test_the_sensor_asks_for_the_complete_day_and_the_run_builds_it(built):
    request, found, version = built
    assert (request.partition_key, request.run_key[:10]) == (str(COMPLETE), str(COMPLETE))
    assert version.contents.as_of == str(COMPLETE)
    told = read(BuildFound, found["dbt"])
    assert (told.later, told.last_later[-10:]) == (2, str(BEGUN))


def test_nothing_is_due_after_it_and_no_run_is_asked_for_while_another_uses_the_home(page, built):
    assert page.sensor(dg.build_sensor_context(instance=page.instance)).skip_message == "no day is due"
    with build.run_lock(page.home):
        assert "another run is using" in page.sensor(dg.build_sensor_context(instance=page.instance)).skip_message


def test_the_same_partition_again_gives_the_same_tables(built, again):
    (_, _, before), (found, after) = built, again
    assert after.name != before.name and after.contents.as_of == str(COMPLETE)
    assert after.contents.tables == before.contents.tables
    assert read(BuildFound, found["dbt"]).rebuilt_months == []


def test_a_backfill_of_an_earlier_day_builds_aside_and_publishes_nothing(page, again, earlier):
    assert current(page.home).name == again[1].name
    assert {version.contents.as_of for version in versions(page.home)} == {str(COMPLETE)}
    assert current(Home(earlier)).contents.as_of == str(EARLIER)
    assert not list(page.home.exports.rglob("*.csv"))


def test_dagster_knows_the_state_of_each_day(page, earlier):
    assert page.instance.get_materialized_partitions(PUBLICATION) == {str(EARLIER), str(COMPLETE)}
    records = page.instance.fetch_observations(RUN_REPORT, limit=100).records
    assert {record.partition_key for record in records} == {str(EARLIER), str(COMPLETE)}
    assert page.job.backfill_policy == dg.BackfillPolicy.multi_run(1)
