"""What Dagster is told of runs in a home: one at a time, none for ever, once more where its process died."""

import dagster as dg

from orchestration.base.settings import Home
from orchestration.pipeline.nightly import dagster_home, end_runs_of_before
from orchestration.warehouse.build import run_lock


def test_a_run_that_hangs_is_ended_and_one_whose_process_died_goes_once_more(tmp_path):
    with dg.DagsterInstance.from_config(str(dagster_home(Home(tmp_path)))) as instance:
        assert instance.run_monitoring_enabled
        assert instance.run_monitoring_max_runtime_seconds == 8 * 3600  # as telco360-nightly.service has it
        assert instance.run_retries_enabled and instance.run_retries_max_retries == 1
        assert not instance.run_retries_retry_on_asset_or_op_failure  # a failed step would fail again


def test_runs_that_died_with_dagster_are_ended_before_it_starts_others_but_never_while_one_works(tmp_path):
    home = Home(tmp_path)
    with dg.DagsterInstance.from_config(str(dagster_home(home))) as instance:
        instance.add_run(dg.DagsterRun("nightly", "lost", status=dg.DagsterRunStatus.STARTED))
    with run_lock(home):
        assert end_runs_of_before(home) == []
    assert end_runs_of_before(home) == ["lost"]
    assert end_runs_of_before(home) == []
