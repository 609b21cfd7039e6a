"""What Dagster is told of runs in a home: one at a time, none for ever, once more where its process died."""

import dagster as dg

from orchestration.base.settings import Home
from orchestration.pipeline.nightly import dagster_home


def test_a_run_that_hangs_is_ended_and_one_whose_process_died_goes_once_more(tmp_path):
    with dg.DagsterInstance.from_config(str(dagster_home(Home(tmp_path)))) as instance:
        assert instance.run_monitoring_enabled
        assert instance.run_monitoring_max_runtime_seconds == 8 * 3600  # as telco360-nightly.service has it
        assert instance.run_retries_enabled and instance.run_retries_max_retries == 1
        assert not instance.run_retries_retry_on_asset_or_op_failure  # a failed step would fail again
