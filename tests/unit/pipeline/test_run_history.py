"""The history of runs that a run writes: Dagster's own storage reads it, and its files are not opened for each event."""

from pathlib import Path

import dagster as dg
from sqlalchemy import event

from orchestration.base.settings import Home
from orchestration.pipeline.nightly import dagster_home
from orchestration.pipeline.run_history import FILES_OPEN, RunEvents, end_lost_runs


@dg.asset
def made() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"rows": 3})


def made_in(folder: Path) -> str:
    """Materialises an asset there; the id of the run."""
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        return dg.materialize([made], instance=instance).run_id


def test_a_history_is_read_by_dagsters_own_storage_and_goes_on(tmp_path):
    folder = dagster_home(Home(tmp_path / 'it\'s a "home": {here}'))
    first, second = made_in(folder), made_in(folder)
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")  # Dagster's own, in the same place
    with dg.DagsterInstance.from_config(str(folder)) as plain:
        assert not isinstance(plain.event_log_storage, RunEvents)
        assert [r.run_id for r in plain.get_runs()] == [second, first]
        for run_id in (first, second):
            stored = [record.dagster_event.event_type_value for record in plain.all_logs(run_id) if record.is_dagster_event]
            assert stored[-1] == "PIPELINE_SUCCESS" and "ASSET_MATERIALIZATION" in stored
        assert plain.get_latest_materialization_event(dg.AssetKey("made")).run_id == second


def test_few_files_are_open_and_none_is_opened_for_each_event(tmp_path, monkeypatch):
    opened = []
    original = RunEvents._opened

    def counting(self, shard):
        engine = original(self, shard)
        event.listen(engine, "connect", lambda *_: opened.append(shard))
        return engine

    monkeypatch.setattr(RunEvents, "_opened", counting)
    with dg.DagsterInstance.from_config(str(dagster_home(Home(tmp_path)))) as instance:
        runs = [dg.materialize([made], instance=instance).run_id for _ in range(3)]
        storage = instance.event_log_storage
        assert len(storage._engines) <= FILES_OPEN
        assert all(instance.all_logs(run_id) for run_id in runs)
        assert len(storage._engines) <= FILES_OPEN
    assert len(opened) < 30
    assert storage._engines == {}


def test_runs_that_died_unseen_count_as_failed_and_no_others(tmp_path):
    with dg.DagsterInstance.from_config(str(dagster_home(Home(tmp_path)))) as instance:
        done = dg.materialize([made], instance=instance).run_id
        runs = [
            dg.DagsterRun("nightly", "ours", tags={"from": "here"}, status=dg.DagsterRunStatus.STARTED),
            dg.DagsterRun("nightly", "other", status=dg.DagsterRunStatus.STARTED),
            dg.DagsterRun("nightly", "waiting", tags={"from": "here"}, status=dg.DagsterRunStatus.NOT_STARTED),
        ]
        for run in runs:
            instance.add_run(run)
        assert end_lost_runs(instance, {"from": "here"}) == ["ours"]
        assert end_lost_runs(instance, {}) == ["other"]
        states = {run.run_id: run.status.value for run in instance.get_runs()}
    assert states == {done: "SUCCESS", "ours": "FAILURE", "other": "FAILURE", "waiting": "NOT_STARTED"}
