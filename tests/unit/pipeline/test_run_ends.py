"""The end of a run that Dagster started is noted by a sensor; one of the command line has noted its own."""

import dagster as dg
import pytest

from orchestration.base.settings import Home
from orchestration.pipeline import after, automation
from orchestration.pipeline.run_log import last_runs


@dg.op
def breaks() -> None:
    raise dg.Failure("the disk is full")


@dg.job
def nightly() -> None:
    breaks()


@pytest.mark.parametrize("told", [False, True])
def test_a_run_that_failed_on_dagsters_page_is_in_the_log_once(tmp_path, monkeypatch, told):
    monkeypatch.setenv("TELCO360_HOME", str(tmp_path))
    for name in ("COMMAND", "WEBHOOK"):
        monkeypatch.delenv(f"TELCO360_NOTIFY_{name}", raising=False)
    Home(tmp_path).warehouse.mkdir()
    (_, on_failure) = automation.run_ends(nightly)
    tags = {"dagster/partition": "2026-10-31"} | ({after.TOLD: "telco360 nightly"} if told else {})
    with dg.DagsterInstance.ephemeral() as instance:
        result = nightly.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
        failed = next(event for event in result.all_events if event.event_type_value == "PIPELINE_FAILURE")
        context = dg.build_run_status_sensor_context(on_failure.name, failed, instance, result.dagster_run)
        on_failure(context)
    runs = last_runs(Home(tmp_path))
    assert [(run.run, run.business_date, run.facts["causes"]) for run in runs] == (
        [] if told else [(result.run_id, "2026-10-31", ["breaks: the disk is full"])]
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Exceeded maximum runtime of 28800 seconds.", "did: Exceeded maximum runtime of 28800 seconds. It was killed, or"),
        (None, "did. It was killed, or"),
    ],
)
def test_a_run_whose_process_died_has_failed_and_says_so(tmp_path, monkeypatch, said, told):
    monkeypatch.setenv("TELCO360_HOME", str(tmp_path))
    Home(tmp_path).warehouse.mkdir()
    (_, on_failure) = automation.run_ends(nightly)
    with dg.DagsterInstance.ephemeral() as instance:
        ran = instance.add_run(dg.DagsterRun("nightly", "a", tags={"dagster/partition": "2026-10-31"}))
        instance.report_run_failed(ran, said)
        died = [entry.dagster_event for entry in instance.all_logs(ran.run_id) if entry.dagster_event][-1]
        on_failure(dg.build_run_status_sensor_context(on_failure.name, died, instance, instance.get_run_by_id(ran.run_id)))
    (run,) = last_runs(Home(tmp_path))
    assert not run.is_well
    assert run.facts["causes"][0].startswith(f"run: it ended before its steps {told}")
